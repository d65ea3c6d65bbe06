"""Asking the process at an address whether it is the instance that the registry says it is."""

from __future__ import annotations

import hmac
import os
import re
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

import msgspec

from extract.registry import condition
from extract.registry.instance import Instance
from extract.registry.load import in_flight
from extract.trust import Answered, InternalRequest, Signature, Trust, internal, own_trust
from extract.trust.request_signature import SIGNATURE

PATH = "/internal/instance/"
ANSWER = "X-Instance-Answer"
PATIENCE = 1.0
"""Seconds that a process may take to answer."""
LONGEST_ANSWER = 10_000
MOST_RESTING = 50


class NotConfirmed(Exception):
    """The process at an address did not prove to be the instance. The message says why."""


class NotThere(NotConfirmed):
    """Nobody listens at the address, or somebody else does: the instance is not there (any more).

    As opposed to a mere silence, which may be overload.
    """


class NoAddress(OSError):
    """It is no ``host:port``; to who wants to connect, no better than an unknown name."""


class About(msgspec.Struct, frozen=True):
    """What an instance answers; ``load`` is the number of other requests under way in it.

    ``uptime`` is in seconds, ``memory`` in bytes; ``resting`` are those that its calls leave alone
    for a while. An older release does not say so much.
    """

    id: str
    role: str
    load: int
    pid: int | None = None
    uptime: float | None = None
    memory: int | None = None
    resting: tuple[str, ...] = ()


@internal("instance")
def answer(request: InternalRequest) -> Answered:
    """``GET /internal/instance/``: ``About``, with the proof in ``X-Instance-Answer``."""
    trust = own_trust()
    body = msgspec.json.encode(about_this(trust.instance, trust.own.role))
    nonce = Signature.parse(request.headers[SIGNATURE]).nonce
    return Answered(HTTPStatus.OK, body, ((ANSWER, trust.answer_mac(request.sender, nonce, body)),))


def about_this(id: str, role: str) -> About:
    """What this process, called so, answers to a request that is not counted."""
    return About(
        id=id,
        role=role,
        load=max(0, in_flight() - 1),
        pid=os.getpid(),
        uptime=condition.uptime(),
        memory=condition.memory(),
        resting=condition.resting()[:MOST_RESTING],
    )


def ask(trust: Trust, instance: Instance, *, seconds: float = PATIENCE) -> About:
    """What the instance says of itself. Raises ``NotThere`` or another ``NotConfirmed``."""
    headers = trust.sign(instance.name, "GET", PATH, {}, b"")
    nonce = Signature.parse(headers[SIGNATURE]).nonce
    try:
        with closing(HTTPConnection(*split_address(instance.address), timeout=seconds)) as asking:
            asking.request("GET", PATH, headers={**headers, "Connection": "close"})
            response = asking.getresponse()
            body = response.read(LONGEST_ANSWER)
            status, proof = response.status, response.getheader(ANSWER, "")
    except ConnectionRefusedError as error:
        raise NotThere(f"nobody listens at {instance.address}") from error
    except (OSError, HTTPException) as error:
        raise NotConfirmed(f"{instance.address} does not answer: {error!r}") from error
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise NotConfirmed(f"{instance.address} answers with {status}")
    expected = trust.answer_mac(instance.name, nonce, body)
    if not hmac.compare_digest(proof.encode(), expected.encode()):
        raise NotThere(f"{instance.address} answers, but not as {instance.name}")
    about = msgspec.json.decode(body, type=About)
    if (about.role, about.id) != (instance.role, instance.id):
        raise NotThere(f"{instance.address} is {about.role}/{about.id}, not {instance.name}")
    return about


_ADDRESS = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})", re.ASCII)


def split_address(address: str) -> tuple[str, int]:
    """Host and port of ``host:port``. Raises ``NoAddress`` if it is no such thing."""
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match[2]) < 65536:
        raise NoAddress(f"{address!r} is no host:port")
    return match[1].strip("[]"), int(match[2])
