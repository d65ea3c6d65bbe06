"""Instances as real processes, and the caller's end of the wire."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from extract.call.contract import Contract, fingerprint
from extract.call.remote import Placed
from extract.registry import InMemoryRegistry, Instance, Memory, Signed, Tier, View
from extract.trust import RoleKeys, Trust
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[4]
SHELF = "tests.extract.call.remote.shelf"
SECRETS = {
    role: f"a secret that only {role} has" for role in ("shelf", "till", "home", "catalogue")
}
KEYS = {role: RoleKeys(role, secret) for role, secret in SECRETS.items()}
PUBLIC = {role: keys.public for role, keys in KEYS.items()}
START_SECONDS = 60.0


def eventually(holds: Callable[[], Any], seconds: float = 15.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.01)


def _has_files(pid: str) -> bool:
    """Whether any thread of the process is alive; the last one closes the connections."""
    try:
        stats = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    except (FileNotFoundError, ProcessLookupError):
        return True  # one of them just ended
    return any(stat.rpartition(")")[2].split()[0] not in "ZX" for stat in stats)


class Callee:
    """A gunicorn process that serves one contract at ``address``."""

    def __init__(
        self, id: str, *, role: str = "shelf", app: str = "shelf", module: str = SHELF,
        wsgi: str = "tests.extract.call.remote.callee", threads: int = 8, port: int = 0, **env: str,
    ) -> None:  # fmt: skip
        self.id = id
        self.role = role
        self.port = port or free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._wsgi, self._threads = wsgi, threads
        self._directory = tempfile.TemporaryDirectory(prefix="shop-callee-")
        self._log = Path(self._directory.name) / "log"
        self._env = {
            **os.environ,
            "DATA_DIR": self._directory.name,
            "CALLEE_ID": id,
            "CALLEE_ROLE": role,
            "CALLEE_APP": app,
            "CALLEE_MODULE": module,
            "CALLEE_SECRETS": json.dumps({role: SECRETS[role]}),
            "CALLEE_PUBLIC": json.dumps({name: str(keys) for name, keys in PUBLIC.items()}),
            **env,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Callee:
        """Begin to start; ``wait`` until it serves."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "--bind", self.address, "--workers", "1",
                 "--worker-class", "gthread", "--threads", str(self._threads),
                 "--keep-alive", "15", "--no-control-socket",
                 "--config", "python:tests.serving.once", f"{self._wsgi}:application"],
                cwd=ROOT, env=self._env, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        return self

    def wait(self) -> Callee:
        until = time.monotonic() + START_SECONDS
        while self.reached() is None:
            said = self._log.read_text()[-4000:]
            assert self.is_alive(), f"it did not start:\n{said}"
            assert time.monotonic() < until, f"it did not start in time:\n{said}"
            time.sleep(0.02)
        return self

    def reached(self) -> dict[str, Any] | None:
        """How many calls of each method came in, and ``begun``; None if it does not answer."""
        try:
            with urllib.request.urlopen(f"http://{self.address}/seen/", timeout=5) as answer:
                return dict(json.load(answer))
        except (urllib.error.URLError, OSError):
            return None

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL to all of it, and wait until it is gone with all its connections."""
        if self._process is None or self._process.poll() is not None:
            return
        pid = self._process.pid
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self.signal(signal.SIGKILL)
        self._process.wait()
        eventually(lambda: not any(map(_has_files, workers)))

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """SIGSTOP: it hangs, its connections stay."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def remove(self) -> None:
        self.kill()
        self._directory.cleanup()

    def said(self) -> str:
        return self._log.read_text()


class Caller:
    """A process of ``role`` as far as calls are concerned: ``placed`` is its binding."""

    def __init__(self, role: str = "till", come_home: tuple[str, ...] = ()) -> None:
        trust = Trust(KEYS[role], "me", PUBLIC)
        self.registry = InMemoryRegistry(Memory(), lease=600)
        self.view = View(self.registry, trust, come_home=come_home)
        self.placed = Placed(self.view, trust, come_home=come_home)
        self.view.start()

    def knows(self, *callees: Callee, contract: type[Contract], **fields: Any) -> None:
        """Let it know of these, with that contract; returns when they have proven themselves."""
        for callee in callees:
            callee.wait()
            instance = Instance(
                id=callee.id,
                role=callee.role,
                tier=Tier.HOME if callee.role == "home" else Tier.OWN,
                address=callee.address,
                **({"contracts": {contract.app: fingerprint(contract)}} | fields),
            )
            self.registry.announce(instance.id, Signed.of(instance, KEYS[callee.role]))
        ids = {callee.id for callee in callees}
        eventually(lambda: ids <= {known.instance.id for known in self.view.known()})

    def close(self) -> None:
        self.placed.close()
        # It takes as long as the view's last look.
        threading.Thread(target=self.view.stop).start()
