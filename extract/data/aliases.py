"""Which database alias holds which app: an alias named like the app, else ``default``."""

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS


def app_aliases() -> tuple[str, ...]:
    """The aliases that each hold one app's rows, in the order of ``settings.DATABASES``."""
    return tuple(alias for alias in settings.DATABASES if alias != DEFAULT_DB_ALIAS)


def alias_of(app_label: str) -> str:
    """The alias that holds the tables of ``app_label``."""
    if app_label in settings.DATABASES and app_label != DEFAULT_DB_ALIAS:
        return app_label
    return DEFAULT_DB_ALIAS
