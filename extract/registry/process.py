"""This process among the others: what it knows of them, and what it tells them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.conf import settings

from extract.registry import load, running
from extract.registry.instance import Instance, Kind, Tier
from extract.registry.presence import Presence
from extract.registry.redis import RedisRegistry
from extract.registry.view import View
from extract.trust import HOME, RoleKeys, Trust, own_trust

_lock = threading.Lock()
_view: View | None = None
_presence: Presence | None = None


class NoRegistry(Exception):
    """There are no other processes: neither ``REDIS_URL`` nor a running ``up`` names a registry."""


def registry_url() -> str:
    """Where the registry is: ``REDIS_URL``, else that of the ``up`` running here, else ""."""
    if settings.REDIS_URL:
        return str(settings.REDIS_URL)
    up = running.current()
    return up.redis_url if up else ""


def open_registry() -> RedisRegistry:
    """A registry for one user. Raises ``NoRegistry``."""
    url = registry_url()
    if not url:
        raise NoRegistry("Everything runs in one process: REDIS_URL is unset and nothing is up.")
    return RedisRegistry(url)


def registry_trust() -> Trust:
    """This process's; one without a role, as an operator's command, speaks for home."""
    if settings.EXTRACT_ROLE:
        return own_trust()
    keys = {role: RoleKeys(role, key) for role, key in settings.EXTRACT_ROLE_SECRETS.items()}
    public = {role: each.public for role, each in keys.items()}
    return Trust(keys[HOME], settings.EXTRACT_INSTANCE, public)


def watch() -> View:
    """This process's view, started the first time. Raises ``NoRegistry``."""
    global _view
    with _lock:
        if _view is None:
            _view = View(
                open_registry(), registry_trust(), come_home=frozenset(settings.EXTRACT_COME_HOME)
            )
            _view.start()
        return _view


def current_view() -> View | None:
    """This process's view; None in the monolith, and before ``join`` or ``watch``."""
    return _view


def join(
    *,
    ready: Callable[[], bool],
    describe_extra: Callable[[], dict[str, Any]] | None = None,
    kind: Kind = Kind.SERVER,
) -> View:
    """Watch the others and, once ``ready``, be one of them; after the fork, once per process.

    ``describe_extra`` adds to this instance's record what other rooms know: ``contracts``,
    ``keys``, ``version``, ``weight``. It is asked at every heartbeat.
    """
    global _presence
    if not settings.EXTRACT_ADDRESS or settings.EXTRACT_ADDRESS.endswith(":0"):
        raise NoRegistry("EXTRACT_ADDRESS names no port: nobody could reach this instance.")
    view = watch()
    with _lock:
        if _presence is None:
            load.count()
            extra = describe_extra or dict
            _presence = Presence(
                open_registry(), lambda: _described(kind, **extra()), own_trust(), ready
            )
            _presence.start()
    return view


def leave() -> None:
    """Say goodbye to the others. What is known of them can be read still."""
    if _presence is not None:
        _presence.withdraw()


def _described(kind: Kind, **extra: Any) -> Instance:
    role = settings.EXTRACT_ROLE
    return Instance(
        id=settings.EXTRACT_INSTANCE,
        kind=kind,
        role=role,
        tier=Tier.HOME if role == HOME else Tier.OWN,
        address=settings.EXTRACT_ADDRESS,
        **extra,
    )
