"""The door for instances: a thin WSGI entry, in front of Django, to everything at ``/internal/``.

Nothing without a valid signature is told anything: it gets the 404 of a path that is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from django.core.signals import request_finished, request_started

from extract.trust.errors import NotTrusted
from extract.trust.signature import SENDER, SIGNATURE, SIGNED
from extract.trust.trust import Trust, own_trust

logger = structlog.get_logger(__name__)

PREFIX = "/internal/"
LONGEST_BODY = 8 * 1024 * 1024

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

_META = {name: "HTTP_" + name.upper().replace("-", "_") for name in (SENDER, SIGNATURE, *SIGNED)}


class InternalRequest(msgspec.Struct, frozen=True):
    """A verified request. ``rest`` is the path after the handler's prefix; ``sender`` is
    ``role/id``; ``headers`` are those that a signature covers."""

    method: str
    rest: str
    sender: str
    headers: dict[str, str]
    body: bytes
    environ: Environ


class Answered(msgspec.Struct, frozen=True):
    """What a handler answers; the body is JSON unless ``headers`` say otherwise."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


Handler = Callable[[InternalRequest], Answered]
_handlers: dict[str, Handler] = {}


def internal(prefix: str) -> Callable[[Handler], Handler]:
    """Declare what answers below ``/internal/<prefix>/``."""

    def register(handler: Handler) -> Handler:
        _handlers[prefix] = handler
        return handler

    return register


class InternalEntry:
    """WSGI: answers ``/internal/``, hands everything else to ``application``."""

    def __init__(self, application: Any, trust: Callable[[], Trust] = own_trust) -> None:
        self._application = application
        self._trust = trust

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(PREFIX):
            return self._application(environ, start_response)  # type: ignore[no-any-return]
        answered = self._answer(environ)
        headers = [("Content-Length", str(len(answered.body))), *answered.headers]
        if answered.body and not any(name == "Content-Type" for name, _ in answered.headers):
            headers.append(("Content-Type", "application/json"))
        start_response(f"{answered.status} {HTTPStatus(answered.status).phrase}", headers)
        return [answered.body]

    def _answer(self, environ: Environ) -> Answered:
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > LONGEST_BODY:
            return Answered(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = environ["wsgi.input"].read(int(length))
        path = environ["PATH_INFO"]
        headers = {name: environ[meta] for name, meta in _META.items() if meta in environ}
        try:
            sender = self._trust().verify(environ["REQUEST_METHOD"], path, headers, body)
        except NotTrusted as error:
            logger.warning("internal.refused", path=path[:200], reason=str(error))
            return Answered(HTTPStatus.NOT_FOUND)
        prefix, _, rest = path.removeprefix(PREFIX).partition("/")
        handler = _handlers.get(prefix)
        if handler is None:
            return Answered(HTTPStatus.NOT_FOUND)
        request = InternalRequest(environ["REQUEST_METHOD"], rest, sender, headers, body, environ)
        # Django opens and closes its database connections by these signals.
        request_started.send(sender=type(self), environ=environ)
        try:
            return handler(request)
        finally:
            request_finished.send(sender=type(self))
