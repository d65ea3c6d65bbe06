"""What travels along with every call and event: time left, ids, and on whose behalf."""

from __future__ import annotations

import contextvars
import re
import secrets
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import ParamSpec, Self, TypeVar

import msgspec

P = ParamSpec("P")
R = TypeVar("R")

DEFAULT_TIME = 10.0
"""Seconds that work has when nobody said how long it may take."""

_SANE_ID = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}\Z")
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")


class CallContext(msgspec.Struct, frozen=True, kw_only=True):
    """The surroundings of a piece of work.

    ``ends_at`` is on this process's monotonic clock; across processes it travels as the
    seconds left, never as a clock time. ``subject`` is a UUID as text, or "" for nobody;
    ``token`` the signed identity that came with the request, if one did. ``traceparent`` is W3C's:
    the trace, and the span that the work is part of; with ``begins_trace`` there is no such span.
    """

    correlation_id: str
    traceparent: str
    ends_at: float
    subject: str = ""
    roles: tuple[str, ...] = ()
    token: str = ""
    begins_trace: bool = False

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits."""
        return self.traceparent[3:35]

    @property
    def span_id(self) -> str:
        """16 hexadecimal digits."""
        return self.traceparent[36:52]

    @property
    def time_left(self) -> float:
        """Seconds until the deadline; negative once it has passed."""
        return self.ends_at - time.monotonic()

    def within(self, seconds: float) -> Self:
        """The same surroundings with at most ``seconds`` left."""
        return msgspec.structs.replace(self, ends_at=min(self.ends_at, time.monotonic() + seconds))


def new_context(
    *,
    correlation_id: str = "",
    traceparent: str = "",
    seconds: float = DEFAULT_TIME,
    subject: str = "",
    roles: tuple[str, ...] = (),
    token: str = "",
) -> CallContext:
    """A context of its own; an id that is missing or not sane is made anew."""
    if not _SANE_ID.match(correlation_id):
        correlation_id = str(uuid.uuid4())
    begins_trace = not _TRACEPARENT.match(traceparent)
    if begins_trace:
        traceparent = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    return CallContext(
        correlation_id=correlation_id,
        traceparent=traceparent,
        ends_at=time.monotonic() + seconds,
        subject=subject,
        roles=roles,
        token=token,
        begins_trace=begins_trace,
    )


_current: ContextVar[CallContext | None] = ContextVar("call_context", default=None)


def run_apart(context: CallContext, function: Callable[P, R], *args: P.args, **kw: P.kwargs) -> R:
    """Run ``function`` where no context variable but this is set."""
    surroundings = contextvars.Context()
    surroundings.run(_current.set, context)
    return surroundings.run(function, *args, **kw)


def current_context() -> CallContext:
    """The context of the running work; one of its own if none was set."""
    context = _current.get()
    return context if context is not None else new_context()


def context_if_any() -> CallContext | None:
    """The context of the running work, or None outside of any."""
    return _current.get()


def entered(context: CallContext) -> Token[CallContext | None]:
    """Make it the context of the running work; ``left`` puts back what was before."""
    return _current.set(context)


def left(token: Token[CallContext | None]) -> None:
    """See ``entered``."""
    _current.reset(token)


@contextmanager
def using_context(context: CallContext) -> Iterator[CallContext]:
    """Run the block under ``context``."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
