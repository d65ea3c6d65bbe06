"""The door at ``/internal/``: a stranger cannot tell it from a wall."""

from __future__ import annotations

import io
from typing import Any

import pytest

from extract.trust import Answered, InternalEntry, InternalRequest, RoleKeys, Trust, internal
from extract.trust.request_signature import SIGNATURE

KEYS = {role: RoleKeys(role, f"the secret of {role}") for role in ("home", "product")}
PUBLIC = {role: keys.public for role, keys in KEYS.items()}
HOME, PRODUCT = (Trust(keys, "one", PUBLIC) for keys in KEYS.values())


@internal("echo-of-a-test")
def echo(request: InternalRequest) -> Answered:
    return Answered(200, f"{request.sender} {request.rest} ".encode() + request.body)


def beyond(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b"Django"]


def send(
    path: str, headers: dict[str, str], body: bytes = b"", **environ: Any
) -> tuple[str, bytes]:
    said: list[str] = []
    asked = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
        **environ,
    }
    entry = InternalEntry(beyond, trust=lambda: PRODUCT)
    answered = b"".join(entry(asked, lambda status, headers: said.append(status)))
    return said[0], answered


def test_who_signs_is_answered() -> None:
    path = "/internal/echo-of-a-test/over/there"
    headers = HOME.sign("product/one", "POST", path, {}, b"!")
    assert send(path, headers, b"!") == ("200 OK", b"home/one over/there !")


def test_everything_else_is_not_there() -> None:
    path = "/internal/echo-of-a-test/"
    headers = HOME.sign("product/one", "POST", path, {}, b"")
    assert send(path, headers)[0] == "200 OK"
    unsigned = send("/internal/nowhere/", {})
    assert unsigned == ("404 Not Found", b"")
    assert send(path, {}) == unsigned
    assert send(path, headers) == unsigned, "it was seen before"
    elsewhere = "/internal/nowhere/"
    assert send(elsewhere, HOME.sign("product/one", "POST", elsewhere, {}, b"")) == unsigned
    assert send(path, headers | {SIGNATURE: "1 2 3"}) == unsigned


@pytest.mark.parametrize("length", ["-1", "1e3", "x", str(2**40)])
def test_a_body_of_no_sensible_length_is_not_read(length: str) -> None:
    status, _ = send("/internal/echo-of-a-test/", {}, CONTENT_LENGTH=length)
    assert status.startswith("413")


def test_other_paths_are_djangos() -> None:
    assert send("/products/", {}) == ("200 OK", b"Django")
    assert send("/internally/", {}) == ("200 OK", b"Django")
