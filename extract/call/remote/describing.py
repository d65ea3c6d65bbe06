"""Asking an instance what its contract looks like."""

from __future__ import annotations

from http import HTTPStatus

from extract.call.remote.pool import Lost, Pool, Unreached
from extract.call.remote.versions import Ask, NotDescribed
from extract.registry import Instance
from extract.trust import Trust

PREFIX = "/internal/contract/"
SECONDS = 1.0
"""How long an instance may take."""


def asking(trust: Trust, pool: Pool) -> Ask:
    """Ask as the process that ``trust`` is."""

    def ask(instance: Instance, app: str) -> bytes:
        path = f"{PREFIX}{app}/"
        headers = trust.sign(instance.name, "GET", path, {}, b"")
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = f"GET {path} HTTP/1.1\r\nHost: {instance.address}\r\n{lines}\r\n".encode("ascii")
        try:
            status, body = pool.exchange(instance.address, request, SECONDS)
        except (Unreached, Lost) as error:
            raise NotDescribed(str(error)) from error
        if status != HTTPStatus.OK:
            raise NotDescribed(f"it answered {status}")
        return body

    return ask
