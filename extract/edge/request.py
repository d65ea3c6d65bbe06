"""What requests carry in headers and queries besides their bodies."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from django.http import HttpRequest
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from extract.edge.kinds import MalformedKey, MissingKey

_KEY = re.compile(r"[\x20-\x7e]{1,255}\Z")


def idempotency_key(request: HttpRequest | Request) -> str:
    """The request's ``Idempotency-Key``. Raises a 400 problem if it is missing or malformed."""
    key = str(request.headers.get("Idempotency-Key", "")).strip()
    if not key:
        raise MissingKey
    if not _KEY.match(key):
        raise MalformedKey
    return key


def access_hash(request: HttpRequest | Request) -> str:
    """SHA-256 in hex of the order access token presented (``?access=`` or the header), or ""."""
    token = request.GET.get("access") or request.headers.get("X-Order-Access") or ""
    return hashlib.sha256(str(token).encode("utf-8", "replace")).hexdigest() if token else ""


class IgnoreAccept(BaseContentNegotiation):
    """Takes the view's first renderer whatever ``Accept`` says."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type
