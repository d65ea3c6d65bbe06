"""The first requests of a process, made by itself: what is slow once is slow for nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.util import setup_testing_defaults

from django.conf import settings
from django.db import connections

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

ASK_EVERY = 0.5
"""Seconds between two looks at whether the process is ready."""


def warm(application: Application) -> None:
    """Ask for a page of each kind that this process serves: URLs, templates and databases are
    then at hand."""
    own = (route.prefixes[0] for route in settings.EXTRACT_ROUTES if _is_own(route.app))
    for path in (settings.EXTRACT_READY, *own):
        asked(application, path)
    connections.close_all()


class Readiness:
    """Whether the application answers ``EXTRACT_READY`` with 200."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._asked_at = float("-inf")

    def __call__(self) -> bool:
        if time.monotonic() - self._asked_at < ASK_EVERY:
            return False
        self._asked_at = time.monotonic()
        try:
            return asked(self._application, settings.EXTRACT_READY) == 200
        finally:
            connections.close_all()


def asked(application: Application, path: str) -> int:
    """The status of a ``GET`` inside the process; nobody's, from this machine."""
    environ: dict[str, Any] = {
        "PATH_INFO": path,
        "HTTP_HOST": host_told(),
        "REMOTE_ADDR": "127.0.0.1",
    }
    setup_testing_defaults(environ)
    statuses: list[int] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], Any]:
        statuses.append(int(status[:3]))
        return lambda written: None

    answer = application(environ, start_response)
    try:
        for _ in answer:
            pass
    finally:
        getattr(answer, "close", lambda: None)()
    return statuses[-1]


def _is_own(app: str) -> bool:
    return app == settings.EXTRACT_ROLE


def host_told() -> str:
    """A host for which requests are taken here."""
    named = (host.removeprefix(".") for host in settings.ALLOWED_HOSTS)
    return next((host for host in named if host != "*"), "localhost")
