"""One delivery of a call to one instance: signed, sent, and what its fate tells of the instance."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NoReturn, Protocol

import msgspec

from extract.call.contract import Method
from extract.call.endpoint import BAD_ARGUMENTS, DECLARED, FAILED, TOO_LATE, headers_of
from extract.call.errors import CallRefused, NotSent, OutcomeUnknown, ProviderAway
from extract.call.remote.breaker import Standing
from extract.call.remote.pool import Lost, Pool, Unreached
from extract.call.remote.serving import INCOMPATIBLE, INVALID_TOKEN
from extract.call.remote.versions import own_fingerprint
from extract.call.wire import declared_error
from extract.registry import Instance
from extract.trace import CallContext
from extract.trust import NotTrusted, Trust

PREFIX = "/internal/call/"
ENOUGH_TIME = 0.25
"""Seconds: an instance that was given less, and was late, may be as well as ever."""

REFUSED = (BAD_ARGUMENTS, TOO_LATE, INCOMPATIBLE, INVALID_TOKEN)
"""Answers of an instance that did nothing, and neither would another one."""
TURNED_AWAY: dict[int, str] = {
    HTTPStatus.NOT_FOUND: "it does not take this process's signature; compare the machines' "
    "clocks and EXTRACT_PUBLIC_KEYS, unless it was just replaced",
    HTTPStatus.MISDIRECTED_REQUEST: "it does not serve the app",
    HTTPStatus.SERVICE_UNAVAILABLE: "it is busy with as many calls as home takes for one app",
}
"""Answers of an instance that did nothing, where another one may do it."""


class Reports(Protocol):
    """Who is told of instances that are there or not; a ``View``."""

    def refused(self, id: str) -> None: ...

    def answered(self, id: str) -> None: ...


class Route(msgspec.Struct, frozen=True):
    """What is the same for all calls of a method."""

    method: Method
    path: str
    fingerprint: str
    results: msgspec.json.Decoder[Any]

    @classmethod
    def to(cls, method: Method) -> Route:
        path = f"{PREFIX}{method.contract.app}/{method.name}/"
        results = msgspec.json.Decoder(method.result)
        return cls(method, path, own_fingerprint(method.contract), results)


class Failed(Exception):
    """A delivery to ``instance`` failed in a way that another one may make good.

    ``error`` says so to the caller; ``same_may_do``: the instance itself may take it again.
    """

    def __init__(
        self, instance: Instance, error: NotSent | OutcomeUnknown, *, same_may_do: bool = False
    ) -> None:
        super().__init__(str(error))
        self.instance = instance
        self.error = self.told_as = error
        self.same_may_do = same_may_do


class Courier:
    """Delivers calls as this process, over its pooled connections."""

    def __init__(self, trust: Trust, pool: Pool, reports: Reports) -> None:
        self._trust = trust
        self._pool = pool
        self._reports = reports

    def deliver(
        self, route: Route, body: bytes, context: CallContext, instance: Instance, to: Standing
    ) -> Any:
        """The result. Raises declared errors as themselves, ``Failed``, or the ``CallError`` that
        is final. ``to`` has taken the call on, and is told how it ended."""
        method = route.method
        try:
            seconds = context.time_left
            request = self._request(route, body, context, instance)
            status, answer = self._pool.exchange(instance.address, request, seconds)
        except Unreached as error:
            to.refused(method.name)
            if error.refused:
                self._reports.refused(instance.id)
            raise Failed(
                instance, ProviderAway(method.label, f"{instance.name}: {error}")
            ) from error
        except Lost as error:
            if error.late and seconds < ENOUGH_TIME:
                to.told_nothing(method.name)
            else:
                to.silent(method.name)
            unknown = OutcomeUnknown(method.label, f"{instance.name}: {error}")
            same_may_do = error.reused and not error.late
            raise Failed(instance, unknown, same_may_do=same_may_do) from error
        except BaseException:
            to.told_nothing(method.name)
            raise
        if status != HTTPStatus.OK:
            self._not_done(method, status, answer, instance, to)
        to.answered(method.name)
        self._reports.answered(instance.id)
        try:
            return route.results.decode(answer)
        except msgspec.DecodeError as error:
            raise _unreadable(method, status, instance, error) from error

    def _not_done(
        self, method: Method, status: int, answer: bytes, instance: Instance, to: Standing
    ) -> NoReturn:
        why = TURNED_AWAY.get(status)
        if status == HTTPStatus.NOT_FOUND:
            to.refused(method.name)
            self._reports.refused(instance.id)
        else:
            is_broken = status >= FAILED and why is None
            to.answered(method.name, failing=is_broken)
            self._reports.answered(instance.id)
            if is_broken:
                raise Failed(instance, _broken(method, status, answer, instance))
        if why is not None:
            error = ProviderAway(method.label, f"{instance.name} answered {status}: {why}")
            raise Failed(instance, error)
        raise _error_in(method, status, answer, instance)

    def _request(
        self, route: Route, body: bytes, context: CallContext, instance: Instance
    ) -> bytes:
        """The request as bytes. Raises ``NotSent`` if there can be none."""
        headers = headers_of(context)
        # Roles are believed under a token alone, and with a token its subject is.
        del headers["X-Roles"]
        if context.token or not context.subject:
            del headers["X-Subject"]
        headers["X-Contract"] = route.fingerprint
        try:
            headers |= self._trust.sign(instance.name, "POST", route.path, headers, body)
        except NotTrusted as error:
            reason = f"it cannot be signed for {instance.name}: {error}"
            raise NotSent(route.method.label, reason) from error
        lines = "\r\n".join([f"{name}: {value}" for name, value in headers.items()])
        if lines.count("\n") + lines.count("\r") != 2 * len(headers) - 2 or not lines.isascii():
            reason = "its context cannot be sent: a header would not be one line of ASCII"
            raise NotSent(route.method.label, reason)
        return (
            f"POST {route.path} HTTP/1.1\r\nHost: {instance.address}\r\n{lines}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode("ascii") + body


class _Reason(msgspec.Struct):
    reason: str


def _error_in(method: Method, status: int, answer: bytes, instance: Instance) -> Exception:
    """The error that an answer stands for."""
    try:
        if status == DECLARED:
            return declared_error(method, answer)
        reason = msgspec.json.decode(answer, type=_Reason).reason
    except (msgspec.MsgspecError, LookupError, ValueError) as error:
        return _unreadable(method, status, instance, error)
    kind = CallRefused if status in REFUSED else OutcomeUnknown
    return kind(method.label, f"{instance.name}: {reason}")


def _unreadable(
    method: Method, status: int, instance: Instance, error: Exception
) -> OutcomeUnknown:
    told = f"{instance.name}'s answer ({status}) cannot be read: {error}"
    return OutcomeUnknown(method.label, told)


def _broken(method: Method, status: int, answer: bytes, instance: Instance) -> OutcomeUnknown:
    try:
        reason = msgspec.json.decode(answer, type=_Reason).reason
    except msgspec.DecodeError:
        reason = f"it answered {status} without a reason"
    return OutcomeUnknown(method.label, f"{instance.name}: {reason}")
