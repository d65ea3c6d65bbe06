"""Who may read a process's metrics: with a token whoever has it, without one this machine alone."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from extract.observe import metrics
from extract.trust import InternalEntry, RoleKeys, Trust

TOKEN = "a-token-of-this-test"
HERE = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8000"}
PATHS = tuple(f"/internal/{prefix}" for prefix in metrics.PREFIXES)
PRODUCT = Trust(RoleKeys("product", "the secret of product"), "one", {})


def beyond(environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/html")])
    return [b"<h1>Not found</h1>"]


def asked(path: str, environ: dict[str, str], *, has_role: bool) -> tuple[str, bytes]:
    said: list[str] = []
    trust = (lambda: PRODUCT) if has_role else None
    entry = InternalEntry(beyond, trust, only=metrics.PREFIXES)
    request = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "wsgi.input": io.BytesIO(), **environ}
    body = b"".join(entry(request, lambda status, headers: said.append(status)))
    return said[0], body


@pytest.fixture(params=[False, True], ids=["monolith", "instance"])
def has_role(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=PATHS)
def path(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def token(settings: Any) -> str:
    settings.EXTRACT_METRICS_TOKEN = TOKEN
    return TOKEN


@pytest.mark.parametrize(
    ("address", "host"),
    [("127.0.0.1", "localhost:8000"), ("::1", "[::1]:8000"), ("::ffff:127.0.0.1", "127.0.0.1")],
)
def test_this_machine_is_let_in(path: str, has_role: bool, address: str, host: str) -> None:
    environ = {"REMOTE_ADDR": address, "HTTP_HOST": host}
    assert asked(path, environ, has_role=has_role)[0] == "200 OK"


@pytest.mark.parametrize(
    "environ",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_HOST": "shop.example.com"},
        {"HTTP_HOST": "127.0.0.1.example.com"},
        {"HTTP_HOST": "[nonsense"},
        {"HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"HTTP_FORWARDED": "for=192.0.2.7"},
        {"HTTP_VIA": "1.1 proxy"},
    ],
    ids=lambda environ: " ".join(f"{name}={value}" for name, value in environ.items()),
)
def test_nobody_else_is(path: str, has_role: bool, environ: dict[str, str]) -> None:
    nowhere = asked("/internal/nowhere", HERE | environ, has_role=has_role)
    assert asked(path, HERE | environ, has_role=has_role) == nowhere
    assert nowhere[0] == "404 Not Found"


def test_a_token_opens_from_anywhere(path: str, has_role: bool, token: str) -> None:
    environ = {"REMOTE_ADDR": "192.0.2.7", "HTTP_HOST": "home:8000"}
    with_token = {**environ, "HTTP_AUTHORIZATION": f"Bearer {token}"}
    assert asked(path, with_token, has_role=has_role)[0] == "200 OK"


@pytest.mark.parametrize("told", ["", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer ü"])
def test_where_there_is_one_nothing_else_does(
    path: str, has_role: bool, token: str, told: str
) -> None:
    environ = HERE | {"HTTP_AUTHORIZATION": told}
    assert asked(path, environ, has_role=has_role)[0] == "404 Not Found"


def test_the_monolith_finds_itself() -> None:
    _, body = asked("/internal/targets", HERE, has_role=False)
    (found,) = json.loads(body)
    assert found["targets"] == ["127.0.0.1:8000"]
    assert found["labels"].keys() == {
        "__metrics_path__", "app", "instance", "kind", "tier", "version",
    }  # fmt: skip
    assert found["labels"]["__metrics_path__"] == "/internal/metrics"


def test_prometheus_can_read_it_all() -> None:
    _, body = asked("/internal/metrics", HERE, has_role=False)
    names = {family.name for family in text_string_to_metric_families(body.decode())}
    assert {"extract_request_duration_seconds", "extract_saga_ended"} <= names
