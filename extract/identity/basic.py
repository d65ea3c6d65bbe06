"""HTTP Basic for scripts: the credential is verified as at the login, the verdict kept briefly."""

from __future__ import annotations

import base64
import binascii
import threading
from weakref import WeakValueDictionary

from django.conf import settings
from django.contrib.auth import authenticate
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from extract.identity.bearer import bearers_accepted
from extract.identity.identity import NOBODY, Identity, identity_of
from extract.identity.source import Source
from extract.identity.tries import TooManyTries

VERDICT_SECONDS = 10
"""How long a revoked password may go on working."""


def basic_allowed() -> bool:
    """Whether this process accepts HTTP Basic at all: not where an authorization server, which has
    the passwords, gives scripts tokens."""
    is_on = settings.DEBUG or getattr(settings, "EXTRACT_BASIC_AUTH", False)
    return bool(is_on and not bearers_accepted())


def basic_header(request: HttpRequest) -> str:
    """The request's Basic credential as it was sent, or "" where there is none to look at."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    scheme = header.partition(" ")[0].lower()
    return header if scheme == "basic" and basic_allowed() else ""


def verify_basic(request: HttpRequest, header: str) -> tuple[Identity, Source]:
    """Whom the credential proves, if anyone. How many are tried is the backends' to count, which
    raise ``TooManyTries``.

    The key of the kept verdict is a keyed hash of the whole credential, so that the cache
    neither tells passwords nor takes one credential for another.
    """
    key = "basic:" + salted_hmac("extract.identity.basic", header, algorithm="sha256").hexdigest()
    verdict: Identity | None = cache.get(key)
    if verdict is None:
        # Checking a password is slow on purpose: of the same credential many times at once,
        # one is checked, the others wait for its verdict.
        with _checking(key):
            verdict = cache.get(key) or _checked(request, header, key)
    if verdict is None:
        return NOBODY, Source.BRAKED
    return verdict, Source.BASIC if verdict.is_authenticated else Source.REFUSED


_locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
_locks_lock = threading.Lock()


def _checking(key: str) -> threading.Lock:
    """The lock of one credential; it is gone when nobody holds it or waits for it."""
    with _locks_lock:
        lock = _locks.get(key)
        if lock is None:
            lock = _locks[key] = threading.Lock()
        return lock


def _checked(request: HttpRequest, header: str, key: str) -> Identity | None:
    """The verdict, kept from now on; None while the brake is on."""
    try:
        verdict = _verify(request, header)
    except TooManyTries:
        return None
    cache.set(key, verdict, VERDICT_SECONDS)
    return verdict


def _verify(request: HttpRequest, header: str) -> Identity:
    try:
        decoded = base64.b64decode(header.partition(" ")[2].strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return NOBODY
    username, colon, password = decoded.partition(":")
    if not colon or "\0" in decoded:
        return NOBODY
    return identity_of(authenticate(request, username=username, password=password))
