"""Sign-ins as a Django app of its own, so that its rows live in ``default`` alone."""

from django.apps import AppConfig
from django.conf import settings


class OidcConfig(AppConfig):
    name = "extract.oidc"
    label = "extract_oidc"
    verbose_name = "Sign-ins"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        if settings.OIDC_ISSUER:
            from extract.identity.bearer import accept_bearers
            from extract.oidc.bearer import verify_bearer

            accept_bearers(verify_bearer)
