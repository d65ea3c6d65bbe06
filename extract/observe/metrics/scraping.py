"""Who may read the metrics, and what they get."""

from __future__ import annotations

import hmac
from contextlib import suppress
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from extract.observe.metrics.series import registry
from extract.observe.metrics.targets import targets
from extract.trust import Answered, InternalRequest, internal

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA")
"""What a proxy adds: who came through one is not from this machine, even if the proxy is."""


def may_scrape(environ: dict[str, Any]) -> bool:
    """Whether the request has ``EXTRACT_METRICS_TOKEN``; where there is none, whether it comes
    from this machine."""
    if token := settings.EXTRACT_METRICS_TOKEN:
        told = environ.get("HTTP_AUTHORIZATION", "").encode()
        return hmac.compare_digest(told, f"Bearer {token}".encode())
    return (
        _is_here(environ.get("REMOTE_ADDR", ""))
        and _means_here(environ.get("HTTP_HOST", ""))
        and not any(name in environ for name in FORWARDED)
    )


@internal("metrics", may_enter=may_scrape)
def metrics(request: InternalRequest) -> Answered:
    """``GET /internal/metrics``: everything, in Prometheus' text format."""
    content_type = ("Content-Type", CONTENT_TYPE_LATEST)
    return Answered(HTTPStatus.OK, generate_latest(registry), (content_type,))


@internal("targets", may_enter=may_scrape)
def where(request: InternalRequest) -> Answered:
    """``GET /internal/targets``: every instance, as Prometheus' HTTP discovery asks for them."""
    here = request.environ.get("HTTP_HOST", "")
    return Answered(HTTPStatus.OK, msgspec.json.encode(targets(here)))


def _is_here(address: str) -> bool:
    try:
        return ip_address(address.removeprefix("::ffff:")).is_loopback
    except ValueError:
        return False


def _means_here(host: str) -> bool:
    """Whether a ``Host`` is this machine's own. By another name, the page of a stranger could have
    a browser here ask for it."""
    with suppress(ValueError):
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or _is_here(name)
    return False
