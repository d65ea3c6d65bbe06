"""What servers are started with: the demo shop is loaded once, and copied."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

from tests.postgres import Cluster
from tests.serving.server import Server


class Template:
    """Data directories below ``directory`` and databases in ``cluster``, to start servers with.

    What is copied is below ``shared``, where all processes of a run find what one has made. Each
    has a cluster of its own, so there it makes its own.
    """

    def __init__(self, directory: Path, cluster: Cluster | None, *, shared: Path) -> None:
        self._directory = directory
        self._shared = directory if cluster else shared
        self._cluster = cluster
        self._made: dict[bool, tuple[Path, str]] = {}
        self._count = 0

    def copy(self, *, demo: bool) -> tuple[Path, dict[str, str]]:
        """A data directory of its own, and the environment that goes with it."""
        if demo not in self._made:
            self._made[demo] = self._make(demo)
        directory, url = self._made[demo]
        self._count += 1
        copy = self._directory / f"server-{self._count}"
        shutil.copytree(directory, copy)
        if self._cluster is None:
            return copy, {}
        return copy, {"DATABASE_URL": self._cluster.create(like=url.rpartition("/")[2])}

    def _make(self, demo: bool) -> tuple[Path, str]:
        name = "demo" if demo else "bare"
        url = self._cluster.create() if self._cluster else ""
        made = self._shared / name
        with (self._shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                making = self._shared / f"{name}.making"
                shutil.rmtree(making, ignore_errors=True)
                maker = Server(data_dir=making, env={"DATABASE_URL": url})
                for command in ("migrate", "demo") if demo else ("migrate",):
                    done = maker.manage(command)
                    assert done.returncode == 0, f"manage.py {command} failed:\n{done.stderr}"
                making.rename(made)
        return made, url
