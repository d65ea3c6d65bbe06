"""What is said to crawlers: where they are welcome, and what there is."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

NOT_FOR_CRAWLERS = (
    "/accounts/", "/admin/", "/api/", "/cart/", "/checkout/", "/invoices/", "/mails/", "/orders/",
)  # fmt: skip

for_a_day = cache_control(public=True, max_age=24 * 3600)


@require_safe
@for_a_day
def robots(request: HttpRequest) -> HttpResponse:
    """``/robots.txt``"""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_FOR_CRAWLERS)]
    lines += ["", f"Sitemap: {settings.BASE_URL}/products/sitemap.xml", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
@for_a_day
def sitemap(request: HttpRequest) -> HttpResponse:
    """``/sitemap.xml``: the catalogue's is all there is to find."""
    return redirect("/products/sitemap.xml", permanent=True)


@require_safe
@for_a_day
def favicon(request: HttpRequest) -> HttpResponse:
    """``/favicon.ico``, for who does not read the page that names the icon."""
    return redirect(static("shop/icon.svg"), permanent=True)
