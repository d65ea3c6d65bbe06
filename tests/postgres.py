"""A PostgreSQL cluster of the test run's own: a temporary directory, a free port, no sync."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.ports import free_port

_OPTIONS = {
    "wal_level": "logical",
    "max_connections": "400",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
}
_numbers = itertools.count(1)


class Cluster:
    """A running server. ``stop`` ends the process and removes the directory."""

    def __init__(self, bin_directory: Path) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="shop-postgresql-"))
        self.port = free_port()
        # PostgreSQL does not run as root.
        self._as: dict[str, Any] = {"cwd": self.directory}
        if os.geteuid() == 0:
            shutil.chown(self.directory, "postgres", "postgres")
            self._as |= {"user": "postgres", "group": "postgres", "extra_groups": []}
        data = self.directory / "data"
        initdb = [bin_directory / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N"]
        subprocess.run(
            [*initdb, "-E", "UTF8", "--locale=C.UTF-8"], check=True, capture_output=True, **self._as
        )
        options = [f"--{name}={value}" for name, value in _OPTIONS.items()]
        with (self.directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [bin_directory / "postgres", "-D", data, "-p", str(self.port),
                 "-k", self.directory, *options],
                stdout=log, stderr=log, start_new_session=True, **self._as,
            )  # fmt: skip
        self._wait()

    def url(self, name: str = "postgres") -> str:
        """The URL of one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def create(self, *, like: str = "template1") -> str:
        """The URL of a new database, a copy of ``like`` (a database nobody is connected to)."""
        name = f"shop_{os.getpid()}_{next(_numbers)}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is connected to it."""
        self._run(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _wait(self) -> None:
        until = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > until:
                    said = (self.directory / "log").read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL did not start:\n{said}") from None
                time.sleep(0.05)
