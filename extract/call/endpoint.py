"""The provider's side of a call that arrives as bytes: decode, check, run, encode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from extract.call.contract import Method
from extract.call.errors import CallError, DeclaredError
from extract.call.local import call_provider
from extract.trace import CallContext, Kind, new_context, span
from extract.trace.context import run_apart

OK, DECLARED, BAD_ARGUMENTS, TOO_LATE, FAILED = 200, 409, 422, 408, 500


def headers_of(context: CallContext) -> dict[str, str]:
    """What of the context travels with a call; the deadline as seconds left."""
    headers = {
        "X-Request-ID": context.correlation_id,
        "traceparent": context.traceparent,
        "X-Time-Left": f"{context.time_left:.3f}",
        "X-Subject": context.subject,
        "X-Roles": ",".join(context.roles),
    }
    if context.token:
        headers["X-Identity"] = context.token
    return headers


def context_of(headers: Mapping[str, str]) -> CallContext:
    """The context that ``headers_of`` wrote."""
    return new_context(
        correlation_id=headers.get("X-Request-ID", ""),
        traceparent=headers.get("traceparent", ""),
        seconds=float(headers["X-Time-Left"]),
        subject=headers.get("X-Subject", ""),
        roles=tuple(filter(None, headers.get("X-Roles", "").split(","))),
        token=headers.get("X-Identity", ""),
    )


def answer(method: Method, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    """Serve one call in a context of its own: (status, body), as HTTP will carry them.

    200 the result; 409 a declared error as ``{"error", "fields"}``; 422 arguments that do
    not decode and 408 a deadline that has passed, both before anything is done; 500 anything
    else.
    """
    return answer_in(context_of(headers), method, body)


def answer_in(
    context: CallContext, method: Method, body: bytes, caller: str = ""
) -> tuple[int, bytes]:
    """The same, for a context that was made already; ``caller`` is ``role/id``."""
    return run_apart(context, _answer, context, method, body, caller)


def _answer(context: CallContext, method: Method, body: bytes, caller: str) -> tuple[int, bytes]:
    if context.time_left <= 0:
        return TOO_LATE, b'{"reason": "its deadline had passed on arrival"}'
    try:
        arguments = msgspec.json.decode(body, type=method.arguments)
    except msgspec.DecodeError as error:
        return BAD_ARGUMENTS, msgspec.json.encode({"reason": str(error)})
    try:
        with span(method.label, Kind.SERVER, app=method.contract.app, call=method.label) as hop:
            if caller:
                hop.labels["caller"] = caller
            result = call_provider(method, _shallow(arguments))
    except DeclaredError as error:
        declared = {"error": type(error).__name__, "fields": error.fields}
        return DECLARED, msgspec.json.encode(declared)
    except CallError as error:
        return FAILED, msgspec.json.encode({"reason": error.reason})
    return OK, msgspec.json.encode(result)


def _shallow(arguments: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(arguments, name) for name in arguments.__struct_fields__}
