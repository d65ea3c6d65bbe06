"""The Redis that a fleet starts for itself: a unix socket of its own, nothing kept on disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured
from redis import Redis
from redis.exceptions import RedisError

from extract.registry.running import run_directory


def redis_url() -> str:
    return f"unix://{quote(str(socket_path()))}"


def redis_command() -> list[str]:
    """Raises ``ImproperlyConfigured`` where Redis is not installed."""
    executable = shutil.which("redis-server")
    if executable is None:
        raise ImproperlyConfigured(
            "redis-server is not installed; on Debian: apt-get install redis-server, with "
            "Homebrew: brew install redis. Or name a Redis that runs in REDIS_URL."
        )
    path = socket_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {
        "port": "0", "unixsocket": str(path), "unixsocketperm": "700", "dir": str(path.parent),
        "save": "", "appendonly": "no", "daemonize": "no",
    }  # fmt: skip
    return [executable, *(part for name, value in options.items() for part in (f"--{name}", value))]


def answers(url: str) -> bool:
    """Whether the Redis there does, at once."""
    try:
        with Redis.from_url(url, socket_timeout=0.2) as client:
            return bool(client.ping())
    except RedisError:
        return False


def socket_path() -> Path:
    return run_directory() / "redis" / "redis.sock"
