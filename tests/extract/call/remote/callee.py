"""WSGI: an instance that serves a contract of a test, and counts what reached it.

``CALLEE_MODULE`` declares contract and provider; ``GET /seen/`` tells how many calls of each method
reached this process, and under ``begun`` what the module counts as begun.
"""

from __future__ import annotations

import collections
import importlib
import json
import os
from collections.abc import Iterable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django.setup()

from django.conf import settings  # noqa: E402

settings.EXTRACT_ROLE = os.environ["CALLEE_ROLE"]
settings.EXTRACT_INSTANCE = os.environ["CALLEE_ID"]
settings.EXTRACT_APPS = (os.environ["CALLEE_APP"],)
settings.EXTRACT_HOME_CAP = 2
settings.EXTRACT_ROLE_SECRETS = json.loads(os.environ["CALLEE_SECRETS"])
settings.EXTRACT_PUBLIC_KEYS = json.loads(os.environ["CALLEE_PUBLIC"])

from extract.call.remote import read_tokens_by  # noqa: E402
from extract.trust import InternalEntry  # noqa: E402

_module = importlib.import_module(os.environ["CALLEE_MODULE"])
reached: collections.Counter[str] = collections.Counter()


def read_token(token: str) -> tuple[str, tuple[str, ...]]:
    """Tokens of tests are as easily read as forged."""
    kind, _, subject = token.partition(":")
    if kind != "token":
        raise ValueError("the identity token is none")
    return subject, ("staff",)


read_tokens_by(read_token)


def beyond(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    body = json.dumps({**reached, "begun": getattr(_module, "begun", {})}).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


_entry = InternalEntry(beyond)


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    if environ["PATH_INFO"].startswith("/internal/call/"):
        reached[environ["PATH_INFO"].split("/")[-2]] += 1
    return _entry(environ, start_response)
