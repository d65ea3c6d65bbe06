"""What nginx is told: which instances serve which app, and what to show them."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from extract.registry import Instance
from extract.registry.confirm import split_address
from extract.trust import HOME, IDENTITY, Trust

Addressed = tuple[str, int]
"""An IP address and a port: nginx's balancer resolves no names."""


class Placing(Protocol):
    """The part of a ``View`` that a table is made of."""

    def serving(self, app: str) -> tuple[Instance, ...]: ...


def table_of(
    view: Placing,
    trust: Trust,
    apps: Iterable[str],
    *,
    refusing: Iterable[str] = (),
    resolve: Callable[[str], Addressed | None] | None = None,
) -> dict[str, Any]:
    """The table for ``apps``, home and identity.

    ``{"apps": {app: [peer, ...]}, "passes": {role: pass}}``, where a peer is ``{"id", "role",
    "address": "host:port", "host": an IP address, "port", "weight", "down"}``. An instance
    whose id is in ``refusing`` is ``down``, one for which ``resolve`` (default: ``resolved``)
    finds nothing is left out. Equal tables are equal as JSON.
    """
    down = frozenset(refusing)
    find = resolve or resolved

    def peers(instances: Iterable[Instance]) -> list[dict[str, Any]]:
        places = ((one, find(one.address)) for one in instances)
        return [peer(one, *place) for one, place in places if place]

    def peer(instance: Instance, host: str, port: int) -> dict[str, Any]:
        return {
            "id": instance.id, "role": instance.role, "address": f"{host}:{port}", "host": host,
            "port": port, "weight": max(1, instance.weight), "down": instance.id in down,
        }  # fmt: skip

    placed = {app: view.serving(app) for app in (*apps, HOME)}
    # Home is no backup of identity: it does not read logins for others.
    placed[IDENTITY] = tuple(one for one in view.serving(IDENTITY) if one.role == IDENTITY)
    roles = {instance.role for instances in placed.values() for instance in instances}
    return {
        "apps": {app: peers(instances) for app, instances in placed.items()},
        "passes": {role: trust.pass_for(role) for role in sorted(roles)},
    }


def resolved(address: str) -> Addressed:
    """``host:port`` with the host's first IP address. Raises ``OSError`` if it has none."""
    host, port = split_address(address)
    family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return f"[{where[0]}]" if family == socket.AF_INET6 else str(where[0]), port


class TableDoor:
    """nginx's unix socket for tables. ``push`` raises ``OSError`` while nginx is not there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def push(self, table: Mapping[str, Any]) -> None:
        """Make it the table that all workers of nginx choose from, from their next request."""
        self.push_bytes(msgspec.json.encode(table, order="deterministic"))

    def push_bytes(self, body: bytes) -> None:
        """The same with the table as JSON."""
        connection = _UnixConnection(self.path)
        try:
            connection.request("PUT", "/table", body)
            status = connection.getresponse().status
        except http.client.HTTPException as error:
            raise ConnectionError(f"nginx broke off: {error!r}") from error
        finally:
            connection.close()
        if status != http.HTTPStatus.NO_CONTENT:
            raise ConnectionError(f"nginx answered {status} to a table of {len(body)} bytes")


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("gateway", timeout=2)
        self._unix_path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._unix_path)
