"""Which addresses refuse connections: all of them asked at once."""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections.abc import Mapping

from extract.gateway.table import resolved

PATIENCE = 0.2
"""Seconds for an answer. Who gives none is slow, which is not refusing."""

_REFUSALS = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ECONNRESET)


def refusing(addresses: Mapping[str, str]) -> frozenset[str]:
    """The ids, of ``{id: "host:port"}``, that refuse a connection."""
    refused: set[str] = set()
    with selectors.DefaultSelector() as selector:
        for id, address in addresses.items():
            begun = _connect(address)
            if isinstance(begun, socket.socket):
                selector.register(begun, selectors.EVENT_WRITE, id)
            elif begun in _REFUSALS:
                refused.add(id)
        until = time.monotonic() + PATIENCE
        while selector.get_map() and (left := until - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                probe = key.fileobj
                assert isinstance(probe, socket.socket)
                if probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in _REFUSALS:
                    refused.add(key.data)
                selector.unregister(probe)
                probe.close()
        for key in list(selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
    return frozenset(refused)


def _connect(address: str) -> socket.socket | int:
    """A connection under way, or the number of the error that ended it at once."""
    try:
        host, port = resolved(address)
    except OSError:
        return 0  # a name that cannot be looked up tells nothing of who has it
    probe = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    probe.setblocking(False)
    error = probe.connect_ex((host.strip("[]"), port))
    if error in (0, errno.EINPROGRESS):
        return probe
    probe.close()
    return error
