"""A real Elasticsearch of a run's own: a free port, a temporary folder, nothing kept."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests

from tests.fleets import wait_until
from tests.ports import free_port

START_SECONDS = 120.0
HEAP = "512m"


class ElasticsearchServer:
    """``home`` is a distribution's directory, of which a copy runs; started when made."""

    def __init__(self, home: Path) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="shop-elasticsearch-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._home = self.directory / "elasticsearch"
        self._process: subprocess.Popen[bytes] | None = None
        shutil.copytree(home, self._home, symlinks=True)
        self._start()

    def _start(self) -> None:
        options = {
            "discovery.type": "single-node",
            "http.port": self.port,
            "transport.port": free_port(),
            "network.host": "127.0.0.1",
            "path.data": self.directory / "data",
            "path.logs": self.directory / "logs",
            "xpack.security.enabled": "false",
            "cluster.routing.allocation.disk.threshold_enabled": "false",
        }
        command = [str(self._home / "bin" / "elasticsearch")]
        command += [f"-E{name}={value}" for name, value in options.items()]
        env = {**os.environ, "ES_JAVA_OPTS": f"-Xms{HEAP} -Xmx{HEAP}", "HOME": str(self.directory)}
        if not (self._home / "jdk").exists() and (java := shutil.which("java")):
            env.setdefault("ES_JAVA_HOME", str(Path(java).resolve().parents[1]))
        log = self.log.open("ab")
        with log:
            self._process = subprocess.Popen(
                command, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True, **self._as_somebody(),
            )  # fmt: skip
        wait_until(lambda: self._answers() or self._process.poll() is not None, START_SECONDS)  # type: ignore[union-attr]
        if self._process.poll() is not None:
            raise RuntimeError(f"Elasticsearch did not start:\n{self.log.read_text()[-3000:]}")

    def _as_somebody(self) -> dict[str, Any]:
        """It refuses to run as root."""
        if os.geteuid() != 0:
            return {}
        nobody = pwd.getpwnam("nobody")
        for path in (self.directory, *self.directory.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
        return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    @property
    def log(self) -> Path:
        return self.directory / "log"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What it answers; anything but 2xx is an error."""
        answer = requests.request(method, f"{self.url}{path}", json=body, timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def search(self, index: str, **body: Any) -> Any:
        """Of all that has come in so far."""
        self.ask("POST", f"/{index}/_refresh")
        return self.ask("POST", f"/{index}/_search", body)

    def count(self, index: str) -> int:
        found = self.search(index, size=0, track_total_hits=True)
        return int(found["hits"]["total"]["value"])

    def stop(self) -> None:
        """As a crash."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            health = f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=1s"
            return requests.get(health, timeout=2).ok
        except requests.RequestException:
            return False


def distribution() -> Path | None:
    """What ``ELASTICSEARCH_HOME`` names: an unpacked Elasticsearch."""
    home = os.environ.get("ELASTICSEARCH_HOME")
    return Path(home) if home and (Path(home) / "bin" / "elasticsearch").exists() else None
