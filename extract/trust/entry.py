"""The door for instances: a thin WSGI entry, in front of Django, to everything at ``/internal/``.

Nothing without a valid signature is told anything, unless a handler opens itself to others: it
gets the 404 of a path that is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from http import HTTPStatus
from typing import Any, NamedTuple

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
    ``role/id``, "" for somebody who was let in without a signature; ``headers`` are those that a
    signature covers."""

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
MayEnter = Callable[[Environ], bool]
_Register = Callable[[Handler], Handler]


class _Declared(NamedTuple):
    handler: Handler
    may_enter: MayEnter


_handlers: dict[str, _Declared] = {}


def internal(prefix: str, *, may_enter: MayEnter = lambda environ: False) -> _Register:
    """Declare what answers below ``/internal/<prefix>/``; ``may_enter`` says of a request without
    a signature whether it is let in all the same."""

    def register(handler: Handler) -> Handler:
        _handlers[prefix] = _Declared(handler, may_enter)
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

    ``only`` are the prefixes that are answered here (None: all that are declared). Where there is
    no ``trust``, as in a process without a role, whoever has to sign gets the application's 404.
    """

    def __init__(
        self,
        application: Any,
        trust: Callable[[], Trust] | None = own_trust,
        *,
        only: Collection[str] | None = None,
    ) -> None:
        self._application = application
        self._trust = trust
        self._only = only

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(PREFIX):
            return self._application(environ, start_response)  # type: ignore[no-any-return]
        prefix, _, rest = environ["PATH_INFO"].removeprefix(PREFIX).partition("/")
        is_here = self._only is None or prefix in self._only
        declared = _handlers.get(prefix) if is_here else None
        is_let_in = declared is not None and declared.may_enter(environ)
        if self._trust is None and not is_let_in:
            return self._application(environ, start_response)  # type: ignore[no-any-return]
        answered = self._answer(environ, rest, declared, is_let_in)
        headers = [("Content-Length", str(len(answered.body))), *answered.headers]
        if answered.body and not any(name == "Content-Type" for name, _ in answered.headers):
            headers.append(("Content-Type", "application/json"))
        start_response(_STATUS[answered.status], headers)
        return [answered.body]

    def _answer(
        self, environ: Environ, rest: str, declared: _Declared | None, is_let_in: bool
    ) -> Answered:
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > LONGEST_BODY:
            return Answered(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = environ["wsgi.input"].read(int(length))
        headers = {name: environ[meta] for name, meta in _META.items() if meta in environ}
        try:
            sender = "" if is_let_in else self._sender(environ, headers, body)
        except NotTrusted as error:
            path = environ["PATH_INFO"]
            logger.warning("internal.refused", path=path[:200], reason=str(error))
            return Answered(HTTPStatus.NOT_FOUND)
        if declared is None:
            return Answered(HTTPStatus.NOT_FOUND)
        request = InternalRequest(environ["REQUEST_METHOD"], rest, sender, headers, body, environ)
        # Instead of Django's signals around a request, which take longer than many a handler.
        begun = _load.begin()
        try:
            return declared.handler(request)
        finally:
            let_go_of_connections()
            _load.end(begun)

    def _sender(self, environ: Environ, headers: dict[str, str], body: bytes) -> str:
        """Raises ``NotTrusted``."""
        assert self._trust is not None
        path = environ["PATH_INFO"]
        return self._trust().verify(environ["REQUEST_METHOD"], path, headers, body)
