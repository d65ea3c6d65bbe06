"""The door for instances: a thin WSGI entry, in front of Django, to everything at ``/internal/``.

Nothing without a valid signature is told anything: it gets the 404 of a path that is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from http import HTTPStatus
from typing import Any

import msgspec
import structlog

from extract.data import let_go_of_connections
from extract.trust.errors import NotTrusted
from extract.trust.request_signature import SENDER, SIGNATURE, SIGNED
from extract.trust.trust import Trust, own_trust

logger = structlog.get_logger(__name__)

PREFIX = "/internal/"
_STATUS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
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


class _Load:
    """Counts requests under way.

    Each is in a set, which it enters and leaves in one step of the interpreter: no lock needed.
    Numbers that are counted up in one step and stored in another would stay wrong.
    """

    def __init__(self) -> None:
        self._under_way: set[object] = set()

    def begin(self) -> object:
        """Returns what ``end`` is to be told."""
        request = object()
        self._under_way.add(request)
        return request

    def end(self, request: object) -> None:
        self._under_way.discard(request)

    def __len__(self) -> int:
        return len(self._under_way)


_load = _Load()


def internal_in_flight() -> int:
    """Internal requests that have begun and not ended in this process."""
    return len(_load)


class InternalEntry:
    """WSGI: answers ``/internal/``, hands everything else to ``application``.

    ``only`` are the prefixes that are answered here (None: all that are declared).
    """

    def __init__(
        self,
        application: Any,
        trust: Callable[[], Trust] = own_trust,
        *,
        only: Collection[str] | None = None,
    ) -> None:
        self._application = application
        self._trust = trust
        self._only = only

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(PREFIX):
            return self._application(environ, start_response)  # type: ignore[no-any-return]
        answered = self._answer(environ)
        headers = [("Content-Length", str(len(answered.body))), *answered.headers]
        if answered.body and not any(name == "Content-Type" for name, _ in answered.headers):
            headers.append(("Content-Type", "application/json"))
        start_response(_STATUS[answered.status], headers)
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
        if handler is None or (self._only is not None and prefix not in self._only):
            return Answered(HTTPStatus.NOT_FOUND)
        request = InternalRequest(environ["REQUEST_METHOD"], rest, sender, headers, body, environ)
        # Instead of Django's signals around a request, which take longer than many a handler.
        begun = _load.begin()
        try:
            return handler(request)
        finally:
            let_go_of_connections()
            _load.end(begun)
