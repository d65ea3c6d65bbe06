"""Static files and media, which the gateway serves itself where it has them."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import components
from tests.gateway.conftest import Gateway
from tests.gateway.upstream import Upstream
from tests.gateway.wire import ask, raw

Start = Callable[..., Upstream]

CSS = b"body { color: teal }" * 40


@pytest.fixture
def files(tmp_path: Path) -> Path:
    static, pictures = tmp_path / "static", tmp_path / "media" / "product"
    static.mkdir()
    pictures.mkdir(parents=True)
    (static / "staticfiles.json").write_text("{}")
    for name in ("site.css", "site.0123456789ab.css"):
        (static / name).write_bytes(CSS)
        (static / f"{name}.gz").write_bytes(gzip.compress(CSS))
    for name in ("app.js", "logo.svg", "sans.woff2", "data.bin"):
        (static / name).write_bytes(b"x")
    (pictures / "mug.webp").write_bytes(b"a picture")
    (pictures / "mug.html").write_bytes(b"<script>")
    (pictures / ".hidden.png").write_bytes(b"not meant")
    (tmp_path / "secret.webp").write_bytes(b"secret")
    return tmp_path


@pytest.fixture
def gateway(files: Path, settings: Any) -> Iterator[Gateway]:
    components.needed("nginx", components.nginx())
    settings.STATIC_ROOT = files / "static"
    settings.MEDIA_ROOT = files / "media"
    with Gateway(files / "gw", workers=1) as gateway:
        yield gateway


def test_a_hashed_name_may_be_kept_for_ever_and_another_for_a_minute(gateway: Gateway) -> None:
    hashed = ask(gateway.port, "/static/site.0123456789ab.css")
    plain = ask(gateway.port, "/static/site.css")
    assert hashed.body == plain.body == CSS
    assert hashed.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert plain.headers["Cache-Control"] == "max-age=60, public"


def test_a_file_of_another_release_is_that_of_this_one_for_a_minute(gateway: Gateway) -> None:
    got = ask(gateway.port, "/static/site.ba9876543210.css", Accept_Encoding="gzip")
    assert (got.status, gzip.decompress(got.body)) == (200, CSS)
    assert got.headers["Cache-Control"] == "max-age=60, public"
    assert got.headers["Content-Type"] == "text/css; charset=utf-8"
    for unknown in ("none.ba9876543210.css", "site.ba98.css", "none.css"):
        assert ask(gateway.port, f"/static/{unknown}").status == 404


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("site.css", "text/css; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("logo.svg", "image/svg+xml"),
        ("sans.woff2", "font/woff2"),
        ("data.bin", "application/octet-stream"),
    ],
)
def test_static_files_say_what_they_are_and_are_taken_for_nothing_else(
    gateway: Gateway, name: str, type: str
) -> None:
    got = ask(gateway.port, f"/static/{name}", X_Request_ID="this-one")
    assert got.headers["Content-Type"] == type
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert got.headers["X-Request-ID"] == "this-one"


def test_who_takes_gzip_gets_what_was_compressed_beforehand(gateway: Gateway) -> None:
    got = ask(gateway.port, "/static/site.css", Accept_Encoding="gzip")
    assert got.headers["Content-Encoding"] == "gzip"
    assert got.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(got.body) == CSS


def test_a_file_that_did_not_change_is_not_sent_again(gateway: Gateway) -> None:
    tag = ask(gateway.port, "/static/site.css").headers["ETag"]
    assert ask(gateway.port, "/static/site.css", If_None_Match=tag).status == 304


def test_neither_identity_nor_an_instance_is_needed_for_them(gateway: Gateway) -> None:
    gateway.push({})
    assert ask(gateway.port, "/static/site.css", Cookie="sessionid=x").status == 200
    assert ask(gateway.port, "/products/media/product/mug.webp").status == 200


def test_a_picture_has_the_headers_that_its_app_gives_it(
    gateway: Gateway, files: Path, settings: Any, client: Any
) -> None:
    path = "/products/media/product/mug.webp"
    got, own = ask(gateway.port, path), client.get(path)
    assert got.body == b"".join(own.streaming_content) == b"a picture"
    for name in (
        "Cache-Control", "Content-Type", "Content-Security-Policy", "Last-Modified",
        "Referrer-Policy", "X-Content-Type-Options", "Content-Length",
    ):  # fmt: skip
        assert got.headers[name] == own.headers[name], name


@pytest.mark.parametrize(
    "path",
    [
        "/products/media/", "/products/media/product/", "/products/media/product/mug.html",
        "/products/media/product/none.webp", "/products/media/../../secret.webp",
        "/products/media/%2e%2e/secret.webp", "/products/media/product/..%2f..%2f..%2fsecret.webp",
        "/products/media/product/.hidden.png", "/static/", "/static/none.css",
        "/static/../secret.webp", "/static/%2e%2e/secret.webp", "/static../secret.webp",
        "/static", "/products/media",
    ],
)  # fmt: skip
def test_nothing_else_is_served(gateway: Gateway, upstream: Start, path: str) -> None:
    gateway.place(upstream("home"), upstream("product"))
    got = raw(gateway.port, f"GET {path} HTTP/1.1", "Host: a", "Connection: close")
    assert got.body == b"fine" or got.status == 404 or got.status == 301
    assert b"secret" not in got.body


def test_files_that_are_elsewhere_are_asked_of_those_who_have_them(
    tmp_path: Path, settings: Any, upstream: Start
) -> None:
    components.needed("nginx", components.nginx())
    settings.STATIC_ROOT = tmp_path
    settings.MEDIA_ROOT = tmp_path / "none"
    home, product = upstream("home"), upstream("product")
    with Gateway(tmp_path / "gw", workers=1) as gateway:
        gateway.place(home, product)
        ask(gateway.port, "/static/site.css")
        ask(gateway.port, "/products/media/product/mug.webp")
    assert [each.path for each in home.received] == ["/static/site.css"]
    assert [each.path for each in product.received] == ["/products/media/product/mug.webp"]
