"""Whether an access token still counts, by the authorization server's own word (RFC 7662).

The answer is kept for 3 seconds by the whole token. Of many that ask for one token at once, one
asks the server and the others wait for what it learns.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from weakref import WeakValueDictionary

import structlog

from extract.oidc.claims import Claims, InvalidClaims, read_claims
from extract.oidc.server import Refused, ServerAway, server

logger = structlog.get_logger(__name__)

KEPT_FOR = 3.0
"""Seconds that a revoked token may go on working, counted from when the server was asked."""
KEPT = 10_000


class Verdicts:
    """What was learnt of tokens. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, tuple[float, Claims | None]] = OrderedDict()
        self._asking: WeakValueDictionary[bytes, threading.Lock] = WeakValueDictionary()

    def of(self, token: str) -> Claims | None:
        """The claims as they are now; None if the token does not count any more. Raises
        ``ServerAway``."""
        key = hashlib.sha256(token.encode()).digest()
        known, verdict = self._known(key)
        if known:
            return verdict
        with self._lock:
            asking = self._asking.get(key)
            if asking is None:
                asking = self._asking[key] = threading.Lock()
        with asking:
            known, verdict = self._known(key)
            return verdict if known else self._ask(key, token)

    def forget(self, token: str) -> None:
        with self._lock:
            self._kept.pop(hashlib.sha256(token.encode()).digest(), None)

    def _known(self, key: bytes) -> tuple[bool, Claims | None]:
        with self._lock:
            until, verdict = self._kept.get(key, (0.0, None))
            return time.monotonic() < until, verdict

    def _ask(self, key: bytes, token: str) -> Claims | None:
        asked_at = time.monotonic()
        verdict = _introspected(token)
        self._keep(key, verdict, asked_at)
        return verdict

    def _keep(self, key: bytes, verdict: Claims | None, asked_at: float) -> None:
        with self._lock:
            self._kept[key] = asked_at + KEPT_FOR, verdict
            self._kept.move_to_end(key)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)


def _introspected(token: str) -> Claims | None:
    asked = server()
    form = {"token": token, "token_type_hint": "access_token"}
    try:
        said = asked.ask(asked.endpoints().introspection_endpoint, form)
    except Refused as refusal:
        logger.error("oidc.client_refused", error=refusal.error)
        raise ServerAway(
            "The authorization server refuses this shop's own credential."
        ) from refusal
    if said.get("active") is not True or said.get("token_type", "Bearer") != "Bearer":
        return None
    try:
        claims = read_claims(said)
    except InvalidClaims:
        return None
    return claims if claims.iss == asked.issuer else None


verdicts = Verdicts()
"""This process's."""
