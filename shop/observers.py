"""Who is told how the shop is doing, as the environment names them.

``METRICS_TOKEN`` is what a Prometheus shows at ``/internal/metrics``; without it only this machine
is let in. ``OTEL_EXPORTER_OTLP_ENDPOINT`` is an OpenTelemetry collector, to which spans are sent.
"""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

_BEARER = re.compile(r"[A-Za-z0-9._~+/-]{16,}=*")


def _token(value: str) -> str:
    if value and not _BEARER.fullmatch(value):
        raise ValueError("must be a bearer token of 16 characters or more: letters, digits, -._~+/")
    return value


def _url(value: str) -> str:
    """Without a slash at the end: /v1/traces follows."""
    url = urlsplit(value)
    is_plain = not (url.query or url.fragment)
    if value and (url.scheme not in ("http", "https") or not url.hostname or not is_plain):
        raise ValueError("must be the URL of a collector, like http://127.0.0.1:4318")
    return value.rstrip("/")


MetricsToken = Annotated[str, AfterValidator(_token)]
Collector = Annotated[str, AfterValidator(_url)]
