"""The provider's side of remote calls: what answers below ``/internal/call/`` and
``/internal/contract/``.
"""

from __future__ import annotations

import math
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus

import msgspec
from django.conf import settings

from extract.call.contract import Contract, Method
from extract.call.endpoint import BAD_ARGUMENTS, TOO_LATE, answer_in
from extract.call.provider import contracts_served
from extract.call.remote.versions import changes_from_caller, own_description, own_fingerprint
from extract.trace import new_context
from extract.trust import HOME, Answered, InternalRequest, internal

INCOMPATIBLE, INVALID_TOKEN = 412, 401
"""Refusals besides the endpoint's own, before anything is done as well."""

ReadToken = Callable[[str], tuple[str, tuple[str, ...]]]
"""From an identity token to subject and roles. Raises ``ValueError`` if it does not count."""


def _read_no_token(token: str) -> tuple[str, tuple[str, ...]]:
    raise ValueError("this process was not told whose identity tokens to believe")


_read_token: ReadToken = _read_no_token


def read_tokens_by(read: ReadToken) -> None:
    """From now on, ``read`` says in whose name a call with a token is made."""
    global _read_token
    _read_token = read


def fingerprints_served() -> dict[str, str]:
    """The fingerprint of each contract that this process serves, by app."""
    return {
        contract.app: own_fingerprint(contract)
        for contract in contracts_served()
        if contract.app in settings.EXTRACT_APPS
    }


@internal("call")
def call(request: InternalRequest) -> Answered:
    """``POST /internal/call/<app>/<method>/`` with the arguments as JSON: see ``endpoint.answer``.

    Refused before anything is done: 421 an app that this process does not serve, 412 a method or
    a caller's contract that does not go with ours, 503 more calls than home takes for an app, 401
    an identity token that does not count, 408 a caller that has gone away.
    """
    app, _, name = request.rest.strip("/").partition("/")
    contract = _contract_served(app)
    if contract is None:
        return Answered(HTTPStatus.MISDIRECTED_REQUEST)
    method = contract.methods.get(name)
    if method is None:
        return _refused(INCOMPATIBLE, f"{app} has no method {name} here")
    if changes := _changes(contract, request.headers.get("X-Contract", "")):
        return _refused(INCOMPATIBLE, f"its contract does not go with ours: {'; '.join(changes)}")
    if _caller_is_gone(request):
        return _refused(TOO_LATE, "the caller had gone away when it was its turn")
    if settings.EXTRACT_ROLE != HOME:
        return _answered(method, request)
    places = _places_for(app)
    if not places.acquire(blocking=False):
        return Answered(HTTPStatus.SERVICE_UNAVAILABLE)
    try:
        return _answered(method, request)
    finally:
        places.release()


@internal("contract")
def describe_contract(request: InternalRequest) -> Answered:
    """``GET /internal/contract/<app>/``: the contract that is served here, as ``describe`` says."""
    contract = _contract_served(request.rest.strip("/"))
    if contract is None:
        return Answered(HTTPStatus.MISDIRECTED_REQUEST)
    return Answered(HTTPStatus.OK, msgspec.json.encode(own_description(contract), order="sorted"))


def _answered(method: Method, request: InternalRequest) -> Answered:
    headers = request.headers
    try:
        seconds = float(headers.get("X-Time-Left", "nan"))
    except ValueError:
        seconds = math.nan
    if math.isnan(seconds):
        return _refused(BAD_ARGUMENTS, "X-Time-Left does not say how many seconds are left")
    # Roles that the caller merely claims count for nothing.
    subject, roles = headers.get("X-Subject", ""), tuple[str, ...]()
    if token := headers.get("X-Identity", ""):
        try:
            subject, roles = _read_token(token)
        except ValueError as error:
            return _refused(INVALID_TOKEN, str(error))
    context = new_context(
        correlation_id=headers.get("X-Request-ID", ""),
        traceparent=headers.get("traceparent", ""),
        seconds=seconds,
        subject=subject,
        roles=roles,
        token=token,
    )
    return Answered(*answer_in(context, method, request.body, caller=request.sender))


def _refused(status: int, reason: str) -> Answered:
    return Answered(status, msgspec.json.encode({"reason": reason}))


def _contract_served(app: str) -> type[Contract] | None:
    if app not in settings.EXTRACT_APPS:
        return None
    if app not in _served:
        _served.update({contract.app: contract for contract in contracts_served()})
    return _served.get(app)


_served: dict[str, type[Contract]] = {}


def _changes(contract: type[Contract], theirs: str) -> tuple[str, ...]:
    if theirs == own_fingerprint(contract):
        return ()
    return changes_from_caller(contract, theirs)


def _caller_is_gone(request: InternalRequest) -> bool:
    """Whether the caller closed the connection, as it does when its time is up: the request may
    have waited here for longer than it had, and nobody's clock tells how long."""
    connection: socket.socket | None = request.environ.get("gunicorn.socket")
    if connection is None or _TCP_INFO is None:
        return False
    try:
        return connection.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 1) != _ESTABLISHED
    except OSError:
        return False  # not of TCP


_TCP_INFO: int | None = getattr(socket, "TCP_INFO", None)
_ESTABLISHED = b"\x01"


def _places_for(app: str) -> threading.Semaphore:
    """Home takes so many calls to an app at a time: it has the other apps to serve as well."""
    places = _places.get(app)
    if places is None:
        places = _places.setdefault(app, threading.Semaphore(settings.EXTRACT_HOME_CAP))
    return places


_places: dict[str, threading.Semaphore] = {}
