"""The binding ``wire``: same process, but through encode, endpoint and decode as over HTTP.

Shares no objects and no context with the provider. Calls that may be repeated are
delivered twice, so that one which only claims to be repeatable is found out; latency and
failures can be injected.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Callable
from typing import Any

import msgspec

from extract.call.contract import Method
from extract.call.endpoint import BAD_ARGUMENTS, DECLARED, OK, TOO_LATE, answer, headers_of
from extract.call.errors import CallRefused, DeclaredError, NotSent, OutcomeUnknown
from extract.trace import Kind, current_context, span


class Fault(enum.Enum):
    """A failure to inject into one delivery."""

    REFUSE_CONNECTION = "the connection was refused"
    LOSE_ANSWER = "the answer was lost"


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """How calls travel: seconds of latency each way, deliveries of a repeatable call, faults."""

    latency: float = 0.0
    deliveries: int = 2
    fault: Callable[[Method], Fault | None] = lambda method: None

    def call(self, method: Method, arguments: dict[str, Any]) -> Any:
        """Deliver the call and return its result. Raises as a remote call does."""
        body = encode_arguments(method, arguments)
        fault = self.fault(method)
        if fault is Fault.REFUSE_CONNECTION:
            raise NotSent(method.label, fault.value)
        for attempt in range(1, 1 + (self.deliveries if method.repeatable else 1)):
            with delivery(method, attempt):
                status, answered = self._deliver(method, body)
        if fault is Fault.LOSE_ANSWER:
            raise OutcomeUnknown(method.label, fault.value)
        if current_context().time_left <= 0:
            raise OutcomeUnknown(method.label, "its deadline passed before the answer came")
        return read_answer(method, status, answered)

    def _deliver(self, method: Method, body: bytes) -> tuple[int, bytes]:
        headers = headers_of(current_context())
        if self.latency:
            time.sleep(self.latency)
        return answer(method, headers, body)


def delivery(method: Method, attempt: int, **labels: str) -> span:
    """The hop of one delivery of a call."""
    app, call = method.contract.app, method.label
    return span(call, Kind.CLIENT, attempt=attempt, app=app, call=call, **labels)


def encode_arguments(method: Method, arguments: dict[str, Any]) -> bytes:
    """The body that carries a call. Raises ``CallRefused`` for arguments that do not fit."""
    try:
        return msgspec.json.encode(method.arguments(**arguments))
    except (TypeError, msgspec.MsgspecError) as error:
        raise CallRefused(method.label, f"bad arguments: {error}") from error


def read_answer(method: Method, status: int, body: bytes) -> Any:
    """The result in an endpoint's answer, or the error it stands for, raised."""
    if status == OK:
        return msgspec.json.decode(body, type=method.result)
    if status == DECLARED:
        raise declared_error(method, body)
    reason = msgspec.json.decode(body)["reason"]
    if status in (BAD_ARGUMENTS, TOO_LATE):
        raise CallRefused(method.label, reason)
    raise OutcomeUnknown(method.label, reason)


def declared_error(method: Method, body: bytes) -> DeclaredError:
    """The error in an answer of status 409. Raises ``msgspec.MsgspecError`` or ``KeyError``."""
    declared = msgspec.json.decode(body, type=_Declared)
    error = method.errors[declared.error]
    fields = msgspec.json.decode(declared.fields, type=error.Fields)
    return error(**{field: getattr(fields, field) for field in fields.__struct_fields__})


class _Declared(msgspec.Struct):
    error: str
    fields: msgspec.Raw
