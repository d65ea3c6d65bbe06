"""The shop's gunicorn configuration, but a worker that dies takes the server along.

gunicorn would replace it; a test that kills the process wants it to stay dead.
"""

from typing import Any

from gunicorn.errors import HaltServer

from shop.serving import *  # noqa: F403

_KILLED = 3


def child_exit(server: Any, worker: Any) -> None:
    """gunicorn's hook in the master. Without listeners it is stopping anyway."""
    if server.LISTENERS:
        raise HaltServer("The worker died.", _KILLED)
