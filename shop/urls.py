"""Every URL: the apps' own, from the one list, and the shop's."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.cache import cache_page
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from extract.edge.errors import handler400, handler403, handler404, handler500
from extract.gateway.upstream import gateway_only
from extract.identity.answer import mint
from extract.trust import IDENTITY
from shop import health
from shop.accounts.doors import braked, leading_to, remembering
from shop.operations.queues import queues
from shop.pages.api_docs import api_docs
from shop.routes import ROUTES

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def _of_app(module: str, namespace: str) -> list[URLPattern | URLResolver]:
    """The pages and API of an app, whose patterns are whole paths from the root."""
    if find_spec(module) is None:
        return []
    urls = import_module(module)
    patterns = [*urls.urlpatterns, *getattr(urls, "api_urlpatterns", ())]
    return [path("", include((patterns, namespace)))]


def _admin_doors() -> list[URLPattern]:
    """In and out of the back office, where they are not Django's own."""
    if settings.OIDC_ISSUER:
        login = import_module("shop.accounts.oidc").admin_login
        logout = import_module("extract.oidc.views").sign_out
        return [path("admin/login/", login), path("admin/logout/", logout)]
    login = braked(remembering(leading_to("admin:index")(admin.site.login)))
    return [path("admin/login/", login)]


urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live/", health.live),
    path("health/ready/", health.ready),
    path("api/schema/", cache_page(60)(SpectacularJSONAPIView.as_view()), name="schema"),
    path("api/docs/", api_docs, name="api-docs"),
    path("api/docs/try/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-try"),
    *_admin_doors(),
    path("admin/operations/queues/", admin.site.admin_view(queues), name="queues"),
    path("admin/extract/", include("extract.control.urls")),
    path("admin/", admin.site.urls),
    *_of_app("shop.pages.urls", "shop"),
]
if settings.EXTRACT_ROLE == IDENTITY:
    urlpatterns.append(path("identity/", gateway_only(mint)))
for route in ROUTES:
    urlpatterns += _of_app(f"apps.{route.app}.urls", route.app)
