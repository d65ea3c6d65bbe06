"""Where every app runs right now: the registry's word, and what the instances themselves say."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import msgspec
from django.conf import settings

from extract.data import alias_of, is_open
from extract.registry.confirm import About, NotConfirmed, NotThere, ask
from extract.registry.instance import Instance, Kind
from extract.registry.known import Known
from extract.registry.membership import Listed
from extract.registry.opening import Opening
from extract.registry.placement import choose
from extract.registry.process import open_registry, registry_trust, registry_url
from extract.registry.registry import RegistryDown, Snapshot
from extract.trust import HOME, Trust

PATIENCE = 0.5
"""Seconds that each instance has to say how busy it is."""


class Seen(msgspec.Struct, frozen=True):
    """An instance. ``health``: up, draining, lapsed, refusing; ``load`` is its requests under way.

    What it says of itself is as in ``About``, and None if it does not say it.
    """

    id: str
    app: str
    tier: str
    address: str
    version: str
    health: str
    load: int | None
    pid: int | None = None
    uptime: float | None = None
    memory: int | None = None
    resting: tuple[str, ...] = ()


class Placed(msgspec.Struct, frozen=True):
    """An app. ``placement``: own, home, none, or unknown while the registry is away;
    ``instances`` are its own, and home's where these serve it."""

    placement: str
    database: str
    instances: tuple[Seen, ...]


class Reached(msgspec.Struct, frozen=True):
    """The registry; ``url`` without its password, "" where everything is one process."""

    url: str
    reachable: bool


class Overview(msgspec.Struct, frozen=True):
    """What ``status`` shows: ``instances`` answer requests, ``workers`` empty queues.

    ``untrusted`` is how many registrations are signed with keys that this process does not
    believe.
    """

    apps: dict[str, Placed]
    instances: tuple[Seen, ...]
    registry: Reached
    untrusted: int = 0
    workers: tuple[Seen, ...] = ()


def overview() -> Overview:
    """Look at the registry and ask every instance. Never fails over who is away."""
    apps = [route.app for route in settings.EXTRACT_ROUTES]
    url = registry_url()
    snapshot = _look() if url else None
    reached = Reached(_without_password(url), snapshot is not None)
    if snapshot is None:
        placement = "unknown" if url else HOME
        return Overview({app: Placed(placement, database(app), ()) for app in apps}, (), reached)
    trust = registry_trust()
    listed = Opening(trust).listed(snapshot)
    seen = _seen(trust, listed.values(), snapshot.drained or frozenset())
    return Overview(
        apps={app: _placed(app, seen) for app in apps},
        instances=tuple(each for known, each in seen if known.instance.kind is Kind.SERVER),
        registry=reached,
        untrusted=len(snapshot.records) - len(listed),
        workers=tuple(each for known, each in seen if known.instance.kind is Kind.WORKER),
    )


def database(app: str) -> str:
    """Where the app's rows are, as a URL without a password."""
    if not is_open(app):
        return "not opened by this process"
    config = settings.DATABASES[alias_of(app)]
    engine = config["ENGINE"].rpartition(".")[2]
    if engine == "sqlite3":
        return f"sqlite:///{config['NAME']}"
    host = f"{config.get('HOST') or 'localhost'}:{config.get('PORT') or 5432}"
    user = f"{config['USER']}@" if config.get("USER") else ""
    schema = config.get("OPTIONS", {}).get("options", "").partition("search_path=")[2]
    return f"{engine}://{user}{host}/{config['NAME']}" + (f"?schema={schema}" if schema else "")


def _look() -> Snapshot | None:
    registry = open_registry()
    try:
        return registry.look()
    except RegistryDown:
        return None
    finally:
        registry.close()


def _seen(
    trust: Trust, listed: Iterable[Listed], drained: frozenset[str]
) -> list[tuple[Known, Seen]]:
    def one(each: Listed) -> tuple[Known, Seen]:
        about, refused = _ask(trust, each.instance)
        is_drained = each.instance.id in drained
        known = Known(each.instance, lapsed=each.lapsed, drained=is_drained, refused=refused)
        return known, _shown(known, about)

    with ThreadPoolExecutor(32) as pool:
        seen = list(pool.map(one, sorted(listed, key=lambda each: each.instance.name)))
    # Who neither renews its lease nor can be reached is dead, until the registry drops it.
    return [(known, each) for known, each in seen if not (known.lapsed and known.refused)]


def _ask(trust: Trust, instance: Instance) -> tuple[About | None, bool]:
    try:
        return ask(trust, instance, seconds=PATIENCE), False
    except NotConfirmed as error:
        return None, isinstance(error, NotThere)


def _shown(known: Known, about: About | None) -> Seen:
    health = "up"
    for name, holds in (
        ("refusing", known.refused),
        ("draining", known.drained),
        ("lapsed", known.lapsed),
    ):
        if holds:
            health = name
            break
    instance = known.instance
    return Seen(
        id=instance.id,
        app=instance.role,
        tier=instance.tier.value,
        address=instance.address,
        version=instance.version,
        health=health,
        load=about.load if about else None,
        pid=about.pid if about else None,
        uptime=about.uptime if about else None,
        memory=about.memory if about else None,
        resting=about.resting if about else (),
    )


def _placed(app: str, seen: list[tuple[Known, Seen]]) -> Placed:
    serving = choose(
        app,
        (known for known, _ in seen),
        may_come_home=app in settings.EXTRACT_COME_HOME,
    )
    roles = {instance.role for instance in serving}
    placement = "own" if app in roles else HOME if HOME in roles else "none"
    shown = tuple(
        each
        for known, each in seen
        if each.app in {app, *roles} and known.instance.kind is Kind.SERVER
    )
    return Placed(placement, database(app), shown)


def _without_password(url: str) -> str:
    parts: Any = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    user = f"{parts.username}@" if parts.username else ""
    return str(parts._replace(netloc=user + parts.netloc.rpartition("@")[2]).geturl())
