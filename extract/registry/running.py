"""The fleet that runs on a data directory, as others find it: ``DATA_DIR/run/up.json``."""

from __future__ import annotations

import fcntl
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from django.conf import settings


class Running(msgspec.Struct, frozen=True):
    """``gateway`` is the base URL, ``socket`` the path that commands are told at."""

    pid: int
    redis_url: str
    gateway: str
    socket: str


class AnotherRuns(Exception):
    """A fleet runs on the data directory already. The message says where."""


def run_directory() -> Path:
    """Where a running fleet keeps what is only its own while it runs."""
    return Path(settings.DATA_DIR).absolute() / "run"


@contextmanager
def alone() -> Iterator[None]:
    """For the block, no other fleet can run on the data directory. Raises ``AnotherRuns``."""
    run_directory().mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        with _lock(fcntl.LOCK_EX) as is_ours:
            if is_ours:
                try:
                    yield
                finally:
                    _path().unlink(missing_ok=True)
                return
        with _lock(fcntl.LOCK_SH) as somebody_only_looked:
            if not somebody_only_looked:
                raise AnotherRuns(_where(_read()))
        # Two that start at the same moment look at each other.
        time.sleep(random.uniform(0.001, 0.01))


def announce(running: Running) -> None:
    """Let others find it."""
    draft = _path().with_name(f".up.json.{os.getpid()}")
    # The URL of Redis may hold a password.
    with open(draft, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(msgspec.json.encode(running))
    draft.replace(_path())


def current() -> Running | None:
    """What runs; None also if what was announced has ended without taking it back."""
    if (running := _read()) is None:
        return None
    with _lock(fcntl.LOCK_SH) as is_ours:  # shared: others may look at the same moment
        return None if is_ours else running


@contextmanager
def _lock(kind: int) -> Iterator[bool]:
    """Whether the lock, which ends with the process that holds it, could be had."""
    descriptor = os.open(run_directory() / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _path() -> Path:
    return run_directory() / "up.json"


def _read() -> Running | None:
    try:
        return msgspec.json.decode(_path().read_bytes(), type=Running)
    except FileNotFoundError:
        return None


def _where(running: Running | None) -> str:
    at = f" at {running.gateway} (process {running.pid})" if running else ""
    return f"A fleet is up already for {settings.DATA_DIR}{at}; 'manage.py extract down' ends it."
