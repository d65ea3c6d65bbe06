"""Ports that nobody listens on."""

import random
import socket

# Below the ports that the system gives to outgoing connections (Linux: from 32768): such a one
# could sit on a server's port between its death and its restart.
_RANGE = range(12_000, 32_000)
_given: set[int] = set()


def free_port() -> int:
    """A port of the loopback that is free, and was not given to anyone in this process before."""
    for _ in range(1000):
        port = random.SystemRandom().choice(_RANGE)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise RuntimeError(f"No free port was found from {_RANGE[0]} to {_RANGE[-1]}.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
