"""What must be right before ``up`` starts anything."""

from __future__ import annotations

import socket
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from extract.fleet import own_redis
from extract.fleet.launching import HOST
from extract.fleet.plan import NoSuchPlan, plan
from extract.gateway import prerequisites
from extract.registry.running import run_directory

LONGEST_PATH = 100
"""Of a unix socket's path; the kernel's limit is 108 bytes."""


def checked(words: list[str], port: int) -> tuple[dict[str, int], list[str]]:
    """What is wanted, and everything that stands against it."""
    mistakes = []
    wanted: dict[str, int] = {}
    if settings.EXTRACT_ROLE:
        mistakes.append("EXTRACT_ROLE is set, but 'up' gives each process its own; unset it.")
    try:
        wanted = plan(words)
    except NoSuchPlan as error:
        mistakes.append(str(error))
    for needed in (prerequisites.check, *([] if settings.REDIS_URL else [_own_redis])):
        try:
            needed()
        except ImproperlyConfigured as error:
            mistakes.append(str(error))
    mistakes += _port_mistakes(port)
    return wanted, mistakes


def _own_redis() -> None:
    own_redis.redis_command()
    control_path()


def control_path() -> Path:
    path = run_directory() / "control.sock"
    if len(str(own_redis.socket_path())) > LONGEST_PATH:
        raise ImproperlyConfigured(
            f"DATA_DIR is {settings.DATA_DIR}, which is too long a path for the sockets in it; "
            f"choose a shorter one."
        )
    return path


def _port_mistakes(port: int) -> list[str]:
    if not 0 < port < 65536:
        return [f"--port is {port}; it must be from 1 to 65535."]
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return [
                f"Port {port} cannot be used ({error.strerror}); stop what listens there, or "
                f"choose another one: --port {port % 65535 + 1}"
            ]
    return []
