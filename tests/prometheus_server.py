"""A real Prometheus with the shop's own configuration and rules, but for where and how often."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from tests.ports import free_port

FOLDER = Path(__file__).resolve().parents[1] / "docker" / "metrics"
EVERY = "1s"


class PrometheusServer:
    """Started when made. It asks home at ``address`` where the others are, with ``token``."""

    def __init__(self, executable: Path, address: str, token: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="shop-prometheus-"))
        self.base_url = f"http://127.0.0.1:{free_port()}"
        self._log = self.directory / "log"
        (self.directory / "token").write_text(token)
        config = self.directory / "prometheus.yml"
        config.write_text(yaml.safe_dump(self._config(address)))
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    executable, f"--config.file={config}",
                    f"--storage.tsdb.path={self.directory / 'data'}",
                    f"--web.listen-address={self.base_url.removeprefix('http://')}",
                ],
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._wait_ready()

    def query(self, expression: str) -> dict[tuple[str, ...], float]:
        """Its values now, by those of its labels (without a name), in the order of the labels."""
        found = self._get("query", query=expression)["result"]
        return {
            tuple(value for name, value in sorted(each["metric"].items()) if name != "__name__"):
            float(each["value"][1])
            for each in found
        }  # fmt: skip

    def targets(self) -> list[dict[str, Any]]:
        """The labels and the health of each."""
        return list(self._get("targets", state="active")["activeTargets"])

    def alerts(self, name: str) -> list[tuple[dict[str, str], str]]:
        """The labels of each alert of that name, and whether it is pending or firing."""
        alerts = self._get("alerts")["alerts"]
        return [(a["labels"], a["state"]) for a in alerts if a["labels"]["alertname"] == name]

    def series(self, metric: str, since: float) -> list[dict[str, Any]]:
        """What was scraped of the metric: labels, and pairs of a time and a value."""
        window = f"{int(time.time() - since) + 1}s"
        return list(self._get("query", query=f"{metric}[{window}]")["result"])

    def stop(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _config(self, address: str) -> dict[str, Any]:
        config = dict(yaml.safe_load((FOLDER / "prometheus.yml").read_text()))
        config["global"] = dict.fromkeys(config["global"], EVERY)
        config["rule_files"] = [str(FOLDER / file) for file in config["rule_files"]]
        (scraped,) = config["scrape_configs"]
        (discovered,) = scraped["http_sd_configs"]
        path = urllib.parse.urlsplit(discovered["url"]).path
        discovered |= {"url": f"http://{address}{path}", "refresh_interval": EVERY}
        for asks in (scraped, discovered):
            asks["authorization"]["credentials_file"] = str(self.directory / "token")
        return config

    def _get(self, path: str, **parameters: str) -> dict[str, Any]:
        url = f"{self.base_url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return dict(json.load(answer)["data"])

    def _wait_ready(self) -> None:
        until = time.monotonic() + 30
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > until:
                said = self._log.read_text()[-2000:]
                self.stop()
                raise RuntimeError(f"Prometheus did not start:\n{said}")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base_url}/-/ready", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False
