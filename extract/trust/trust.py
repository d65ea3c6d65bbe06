"""What this process can prove of itself, and believe of others."""

from __future__ import annotations

import functools
import hmac
import os
import threading
import time
from collections.abc import Mapping

from django.conf import settings

from extract.trust.errors import NotTrusted
from extract.trust.keys import PublicKeys, RoleKeys
from extract.trust.request_signature import SENDER, SIGNATURE, Signature, mac_of

HOME, IDENTITY, GATEWAY = "home", "identity", "gateway"

PERIOD = 600
"""Seconds after which a pair of roles uses another key."""
FRESH = 30
"""Seconds by which a signature's time may differ from ours."""


class Trust:
    """One process's keys and those it believes; ``instance`` is its own id. Thread-safe."""

    def __init__(self, own: RoleKeys, instance: str, public: Mapping[str, PublicKeys]) -> None:
        self.own = own
        self.instance = instance
        self._public = {**public, own.role: own.public}
        self._pairs: dict[str, bytes] = {}
        self._period_keys: dict[tuple[str, str, int], bytes] = {}
        self._seen = _Seen()

    @property
    def name(self) -> str:
        """``role/id``."""
        return f"{self.own.role}/{self.instance}"

    def public(self, role: str) -> PublicKeys:
        """Raises ``NotTrusted`` for a role that nobody told this process of."""
        try:
            return self._public[role]
        except KeyError:
            raise NotTrusted(f"this process knows no public keys of the role '{role}'") from None

    def sign(
        self, receiver: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> dict[str, str]:
        """The headers that make it a request of this process to ``receiver`` (``role/id``)."""
        # Of the system: anybody may seed the module random, and repeat himself.
        at, nonce = int(time.time()), os.urandom(16).hex()
        role = receiver.partition("/")[0]
        mac = mac_of(
            self._key(self.own.role, role, at // PERIOD),
            sender=self.name, receiver=receiver, at=at, nonce=nonce,
            method=method, path=path, headers=headers, body=body,
        )  # fmt: skip
        return {SENDER: self.name, SIGNATURE: f"{at} {nonce} {mac}"}

    def verify(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> str:
        """The sender (``role/id``) of a request to this process. Raises ``NotTrusted``."""
        sender = headers.get(SENDER, "")
        signature = Signature.parse(headers.get(SIGNATURE, ""))
        if abs(signature.at - time.time()) > FRESH:
            raise NotTrusted(f"{sender}'s signature is not fresh; compare the machines' clocks")
        role = sender.partition("/")[0]
        mac = mac_of(
            self._key(role, self.own.role, signature.at // PERIOD),
            sender=sender, receiver=self.name, at=signature.at, nonce=signature.nonce,
            method=method, path=path, headers=headers, body=body,
        )  # fmt: skip
        if not hmac.compare_digest(mac, signature.mac):
            raise NotTrusted(f"the signature is not {sender}'s, or not for {self.name}")
        if not self._seen.add(sender, signature.nonce):
            raise NotTrusted(f"{sender}'s request was seen before")
        return sender

    def pass_for(self, role: str) -> str:
        """What this process shows every instance of ``role``, to be told from strangers."""
        return self._pass(self.own.role, role, int(time.time()) // PERIOD)

    def verify_pass(self, shown: str, *, sender: str = GATEWAY) -> bool:
        """Whether ``sender`` made this pass for this process's role, in this period or the last."""
        period = int(time.time()) // PERIOD
        return any(
            hmac.compare_digest(shown.encode(), self._pass(sender, self.own.role, at).encode())
            for at in (period, period - 1, period + 1)
        )

    def answer_mac(self, peer: str, nonce: str, body: bytes) -> str:
        """Over an answer to ``peer`` (``role/id``) that must prove who gave it; hexadecimal.

        Either side of the pair computes it: the caller to compare, with its own name.
        """
        role = peer.partition("/")[0]
        key = self._pair(role)
        return hmac.digest(key, b"answer\n" + nonce.encode() + b"\n" + body, "sha256").hex()

    def _pass(self, sender: str, receiver: str, period: int) -> str:
        return hmac.digest(self._key(sender, receiver, period), b"pass", "sha256").hex()

    def _key(self, sender: str, receiver: str, period: int) -> bytes:
        key = self._period_keys.get((sender, receiver, period))
        if key is None:
            peer = sender if receiver == self.own.role else receiver
            text = f"{sender}>{receiver}>{period}".encode()
            key = hmac.digest(self._pair(peer), text, "sha256")
            if len(self._period_keys) > 100:
                self._period_keys.clear()
            self._period_keys[sender, receiver, period] = key
        return key

    def _pair(self, role: str) -> bytes:
        secret = self._pairs.get(role)
        if secret is None:
            secret = self._pairs[role] = self.own.pair_secret(self.public(role))
        return secret


class _Seen:
    """The nonces of all signatures that are fresh still, and of some that are not: each half is
    kept for as long as a signature may be fresh.

    Looking and adding is one thing, under a lock: at the turn of the halves a request would
    else find its own nonce in the older one, and be refused.
    """

    KEPT = 2 * FRESH + 1

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now, self._before = set[tuple[str, str]](), set[tuple[str, str]]()
        self._turn_at = time.monotonic() + self.KEPT

    def add(self, sender: str, nonce: str) -> bool:
        """False if it was added before."""
        key = sender, nonce
        with self._lock:
            now = time.monotonic()
            if now >= self._turn_at:
                self._turn_at = now + self.KEPT
                self._before, self._now = self._now, set()
            if key in self._now or key in self._before:
                return False
            self._now.add(key)
            return True


@functools.cache
def own_trust() -> Trust:
    """This process's, from ``EXTRACT_ROLE``, ``EXTRACT_INSTANCE``, ``EXTRACT_ROLE_SECRETS`` (of
    the roles whose secret it holds) and ``EXTRACT_PUBLIC_KEYS`` (role: text, of all roles)."""
    role = settings.EXTRACT_ROLE
    public = {name: PublicKeys.parse(text) for name, text in settings.EXTRACT_PUBLIC_KEYS.items()}
    own = RoleKeys(role, settings.EXTRACT_ROLE_SECRETS[role])
    return Trust(own, settings.EXTRACT_INSTANCE, public)
