"""The product list and a product's page against a bare Django view of the same bytes.

Both run in this process through Django's own WSGI handler: the shop with all its middleware,
the bare view with nothing but the line that finds it.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path

from apps.product.models import Category, Product
from extract.data import owned
from tests.bench.measure import Figure, compare

_bodies: dict[str, bytes] = {}


def bare(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(_bodies[name])


urlpatterns = [path("<str:name>/", bare)]


def bare_urls(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """The bare view's only middleware: this module's URLs instead of the shop's."""

    def respond(request: HttpRequest) -> HttpResponse:
        request.urlconf = __name__
        return get_response(request)

    return respond


def run() -> list[Figure]:
    shop = WSGIHandler()
    with override_settings(MIDDLEWARE=[f"{__name__}.bare_urls"]):
        plain = WSGIHandler()
    slug = Product.objects.order_by("id").values_list("slug", flat=True)[0]
    figures = []
    for name, url in (("list", "/products/"), ("product", f"/products/{slug}/")):
        _bodies[name] = request(shop, url)

        def baseline(name: str = name) -> bytes:
            return request(plain, f"/{name}/")

        def warm(url: str = url) -> bytes:
            return request(shop, url)

        def cold(url: str = url) -> bytes:
            cache.clear()
            return request(shop, url)

        size = f"{len(_bodies[name])} bytes"
        for state, page in (("warm", warm), ("caches cleared", cold)):
            title = f"{name} page, {state}"
            against = "a bare view, same bytes"
            figures.append(compare(title, page, against, baseline, rounds=9, times=60, note=size))
        figures += query_counts(name, lambda url=url: request(shop, url))  # type: ignore[misc]
    return figures


def query_counts(name: str, page: Callable[[], bytes]) -> list[Figure]:
    """Queries of the page, caches cleared, with the products there are and with 500 more."""
    before = _queries(page)
    _add_products(500)
    after = _queries(page)
    figure = Figure(
        name=f"{name} page, queries",
        value=after,
        unit="queries",
        n=1,
        against="with 500 products fewer",
        baseline=before,
        ratio=after / before,
    )
    return [figure]


def _queries(page: Callable[[], bytes]) -> int:
    cache.clear()
    captured = [CaptureQueriesContext(connection) for connection in connections.all()]
    for context in captured:
        context.__enter__()
    page()
    for context in captured:
        context.__exit__(None, None, None)
    return sum(len(context) for context in captured)


def _add_products(count: int) -> None:
    first = Product.objects.count()
    with owned("product"):
        category = Category.objects.get_or_create(name="Bulk", slug="bulk")[0]
        Product.objects.bulk_create(
            Product(
                sku=f"BULK-{number}",
                slug=f"bulk-{number}",
                name=f"Bulk {number}",
                category=category,
                price="1.00",
                initial=5,
                on_hand=5,
            )
            for number in range(first, first + count)
        )


def request(handler: WSGIHandler, url: str) -> bytes:
    """The body of a GET through a WSGI handler; anything but 200 is an error."""
    statuses: list[str] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        statuses.append(status)

    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": url,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    response = handler(environ, start_response)  # type: ignore[arg-type]
    body = b"".join(response)
    response.close()
    assert statuses == ["200 OK"], f"{url} answered {statuses}"
    return body
