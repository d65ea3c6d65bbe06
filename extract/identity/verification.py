"""Whom tokens prove, by the keys that the identity role publishes."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from extract.identity.claims import LEEWAY, Claims, InvalidToken
from extract.identity.identity import Identity
from extract.identity.key import ALGORITHM, JWK
from extract.identity.source import Source

Keys = Callable[[], Mapping[str, JWK]]
"""The published keys by their ``kid``. Called about once a second: it must not block."""

ASK_EVERY = 1.0
KEPT = 4096
"""Verdicts at most in one process; about 1.5 KB each."""
LONGEST = 4096
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\Z")


class Verifier:
    """Verifies tokens; a token that comes again costs a look into a table.

    ``keys`` is asked at most once a second, and for an unknown ``kid`` once a second more. When
    the keys change, all verdicts are forgotten, so none outlives its key. Thread-safe.
    """

    def __init__(self, keys: Keys, *, kept: int = KEPT) -> None:
        self._source = keys
        self._kept = kept
        self._lock = threading.Lock()
        self._trusted = _Trusted({}, kept)
        self._asked_at = {False: float("-inf"), True: float("-inf")}

    def verify(self, token: str) -> tuple[Identity, Source]:
        """Whom the token proves, and by which kind of credential. Raises ``InvalidToken``."""
        trusted = self._asked()
        if (verdict := trusted.known(token)) is not None:
            return verdict
        kid = _kid(token)
        if kid not in trusted.keys:
            trusted = self._asked(of_unknown=True)
        return trusted.verify(token, kid)

    def _asked(self, *, of_unknown: bool = False) -> _Trusted:
        """The keys as they were published a second ago at most."""
        if time.monotonic() - self._asked_at[of_unknown] >= ASK_EVERY:
            with self._lock:
                self._ask(of_unknown)
        return self._trusted

    def _ask(self, of_unknown: bool) -> None:
        now = time.monotonic()
        if now - self._asked_at[of_unknown] < ASK_EVERY:
            return  # another thread just did
        self._asked_at[of_unknown] = now
        keys = dict(self._source())
        if keys != self._trusted.keys:
            self._trusted = _Trusted(keys, self._kept)


class _Trusted:
    """One state of the published keys, and the verdicts that were found by it."""

    def __init__(self, keys: Mapping[str, JWK], kept: int) -> None:
        self.keys = keys
        self._kept = kept
        self._lock = threading.Lock()
        self._readers: dict[str, Callable[[str], Claims]] = {}
        self._verdicts: OrderedDict[str, tuple[float, tuple[Identity, Source]]] = OrderedDict()

    def known(self, token: str) -> tuple[Identity, Source] | None:
        with self._lock:
            until, verdict = self._verdicts.get(token, (0.0, None))
            if until <= time.time():
                return None
            self._verdicts.move_to_end(token)
            return verdict

    def verify(self, token: str, kid: str) -> tuple[Identity, Source]:
        claims = self._reader(kid)(token)
        verdict = claims.identity, claims.source
        with self._lock:
            self._verdicts[token] = claims.exp + LEEWAY, verdict
            self._verdicts.move_to_end(token)
            if len(self._verdicts) > self._kept:
                self._verdicts.popitem(last=False)
        return verdict

    def _reader(self, kid: str) -> Callable[[str], Claims]:
        from extract.identity.identity_header import reader_of  # needs Django's apps to be ready

        if kid not in self._readers:
            self._readers[kid] = reader_of(_public_key(kid, self.keys.get(kid)))
        return self._readers[kid]


def _public_key(kid: str, jwk: JWK | None) -> RSAPublicKey:
    if jwk is None:
        raise InvalidToken("The identity token names a key that is not published.")
    try:
        key = jwt.PyJWK(jwk, ALGORITHM).key
    except jwt.PyJWTError as error:
        raise InvalidToken(f"The published identity key {kid} cannot be read: {error}.") from error
    if not isinstance(key, RSAPublicKey):
        raise InvalidToken(f"The published identity key {kid} is no public key.")
    return key


def _kid(token: str) -> str:
    """The key that the header names; nothing is verified yet."""
    if len(token) > LONGEST or not _SHAPE.match(token):
        raise InvalidToken("The identity token is not one token of three parts.")
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.InvalidTokenError as error:
        raise InvalidToken(f"The identity token's header cannot be read: {error}.") from error
    if not isinstance(kid, str):
        raise InvalidToken("The identity token names no key.")
    return kid


_verifier = Verifier(dict)


def trust_keys(source: Keys) -> None:
    """From now on this process verifies by these keys, by nothing before."""
    global _verifier
    _verifier = Verifier(source)


def verifier() -> Verifier:
    """The process's verifier. Until ``trust_keys`` was called, no token is valid."""
    return _verifier
