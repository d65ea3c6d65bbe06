"""What comes in is taken at its word, and no bytes make the edge stumble."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from django.test import Client

JSON = "application/json"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"quantity": NaN}',
        b'{"quantity": Infinity}',
        b'{"name": "\xff\xfe"}',
        b'{"name": "\\ud800"}',
        b"[" * 100_000,
        b'{"quantity": 1' + b"0" * 5000 + b"}",
        '{"quantity": 1}'.encode("utf-16"),
    ],
    ids=["empty", "cut", "NaN", "Infinity", "UTF-8", "surrogate", "deep", "digits", "UTF-16"],
)
def test_what_is_not_json_is_a_400(edge: Client, body: bytes) -> None:
    answer = edge.post("/api/echo/", body or b" ", content_type=JSON)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed-body")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "quantity"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": -1}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": 1.0}, "quantity"),
        ({"quantity": 10**9}, "quantity"),
        ({"quantity": "1"}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"quantity": None}, "quantity"),
        ({"quantity": 1, "cost": 1}, "cost"),
        ({"quantity": 1, "name": 5}, "name"),
        ({"quantity": 1, "name": "a\0b"}, "name"),
        ({"quantity": 1, "price": True}, "price"),
        ({"quantity": 1, "tags": "abc"}, "tags"),
        ({"quantity": 1, "tags": ["a", 2]}, "tags"),
        ({"quantity": 1, "address": {"line1": "too long"}}, "address.line1"),
        ({"quantity": 1, "address": {"line1": "ok", "line9": ""}}, "address.line9"),
        ([], ""),
        ("text", ""),
        (None, ""),
    ],
    ids=str,
)
def test_what_is_not_as_declared_is_a_422(edge: Client, body: Any, field: str) -> None:
    answer = edge.post("/api/echo/", json.dumps(body), content_type=JSON)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_what_is_as_declared_passes(edge: Client) -> None:
    body = {"quantity": 3, "tags": ["a"], "price": "1.50", "address": {"line1": "ok"}}
    strange = "application/json; charset=nonsense"
    answer = edge.generic("POST", "/api/echo/", json.dumps(body), content_type=strange)
    assert (answer.status_code, answer.json()["quantity"]) == (200, 3)


def test_a_form_is_a_415(edge: Client) -> None:
    answer = edge.post("/api/echo/", {"quantity": 1})
    assert (answer.status_code, answer.json()["title"]) == (415, "Unsupported Media Type")


@pytest.mark.parametrize(
    ("key", "slug"),
    [
        (None, "idempotency-key-missing"),
        ("  ", "idempotency-key-missing"),
        ("x" * 256, "idempotency-key-malformed"),
        ("ünprintable", "idempotency-key-malformed"),
    ],
)
def test_a_keyed_request_needs_a_key(edge: Client, key: str | None, slug: str) -> None:
    headers = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
    answer = edge.generic("POST", "/api/keyed/", b"", **headers)
    assert (answer.status_code, answer.json()["type"]) == (400, f"/problems/{slug}")


@pytest.mark.parametrize("how", ["query", "header"])
def test_an_access_token_is_hashed(edge: Client, how: str) -> None:
    query = "?access=token" if how == "query" else ""
    headers = {"X-Order-Access": "token"} if how == "header" else {}
    answer = edge.post(f"/api/keyed/{query}", headers={"Idempotency-Key": "k", **headers})
    assert answer.json() == {"key": "k", "access": hashlib.sha256(b"token").hexdigest()}


@pytest.mark.parametrize(("how", "status"), [("bug", 500), ("away", 503)])
def test_what_breaks_is_a_problem_without_a_trace(edge: Client, how: str, status: int) -> None:
    answer = edge.get(f"/api/broken/?how={how}")
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer["Content-Type"] == "application/problem+json"
    assert b"Traceback" not in answer.content
    assert answer["X-Request-ID"]
