"""The stack of ``docker/compose.yaml``, as somebody runs it who has Docker."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Collection
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from shop.routes import APP_LABELS
from tests.components import needed
from tests.load.log import Log
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker" / "compose.yaml"
UnderLoad = Callable[[Callable[[], None]], Log]
CALM = 120.0
"""Seconds in which whatever was asked for has come about, on a busy machine too."""


def engine() -> None:
    """There is an engine that answers, and compose; else skipped, or failed where ``CI=true``."""
    asked = (["docker", "version"], ["docker", "compose", "version"])
    answers = shutil.which("docker") and all(
        subprocess.run(command, capture_output=True, check=False).returncode == 0
        for command in asked
    )
    needed("A Docker engine with compose", shutil.which("docker") if answers else None)


class Stack:
    """A project of its own, on free ports of the loopback. ``own_url`` is its ``BASE_URL``."""

    def __init__(self) -> None:
        self.project = f"shop-test-{os.getpid()}"
        self.port, self.mail_port, self.keycloak_port = free_port(), free_port(), free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.own_url = f"http://localhost:{self.port}"
        self.keycloak_url = f"http://localhost:{self.keycloak_port}"
        self.env = {
            **os.environ,
            "COMPOSE_PROJECT_NAME": self.project,
            "PORT": str(self.port),
            "MAIL_PORT": str(self.mail_port),
            "KEYCLOAK_PORT": str(self.keycloak_port),
            "VERSION": "test",
            "THROTTLE": "off",
            "EXTRACT_BASIC_AUTH": "1",
        }
        self.seconds_until_up = 0.0

    def compose(self, *arguments: str, fine: Collection[int] = (0,)) -> str:
        """What ``docker compose`` says."""
        return self.docker("compose", "-f", str(FILE), *arguments, fine=fine)

    def docker(self, *arguments: str, fine: Collection[int] = (0,)) -> str:
        """What it says. ``RuntimeError`` for an exit code that is not ``fine``."""
        done = subprocess.run(
            ["docker", *arguments], env=self.env, cwd=ROOT, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode not in fine:
            said = f"docker {' '.join(arguments)}:\n{done.stderr[-1500:]}"
            if "up" in arguments:
                said += self.compose("logs", "--no-color", "--tail", "8", "secrets", "migrate")
            raise RuntimeError(said)
        return done.stdout

    def up(self) -> None:
        """The monolith, from nothing; until it shows its first page."""
        began = time.monotonic()
        self.compose("up", "-d")
        wait_until(lambda: self.status_of("/products/") == 200, CALM)
        self.seconds_until_up = time.monotonic() - began
        self.compose("up", "-d", "--wait")

    def move_out(self, app: str, instances: int = 1, *, profile: str = "") -> None:
        """By its profile, beside the running shop; until it serves."""
        self.compose("--profile", profile or app, "up", "-d", *self._scaled(app, instances))
        wait_until(lambda: len(self.served_by(app)) == instances, CALM)

    def come_home(self) -> None:
        """Everything that is not the monolith stops, and home serves each app again."""
        apart = {each for app in APP_LABELS for each in (app, f"{app}-worker")}
        for id in self.compose("ps", "-a", "-q", *sorted(apart)).split():
            self.docker("unpause", id, fine=(0, 1))
            self.docker("rm", "-f", "-v", id)
        for app in APP_LABELS:
            wait_until(lambda app=app: self.serving(app) == "home", CALM)

    def make_secrets(self, *options: str) -> None:
        """By the one-shot that makes them, as the README says it."""
        self.compose("run", "--rm", "--no-deps", "secrets", "secrets", "/run/secrets", *options)

    def restart_home(self) -> None:
        """With the secrets as they are now; until it serves."""
        self.compose("restart", "home", "home-worker")
        wait_until(lambda: self.status_of("/products/") == 200)

    def restart_accounts(self) -> None:
        """As ``restart_home``, with all who tell who somebody is."""
        self.compose("restart", "home", "home-worker", "identity", "agent")
        wait_until(lambda: self.status_of("/products/") == 200)

    def _scaled(self, app: str, instances: int) -> list[str]:
        return ["--no-recreate", "--scale", f"{app}={instances}", app, f"{app}-worker"]

    def ids(self, service: str) -> list[str]:
        """Its running containers."""
        return self.compose("ps", "-q", service).split()

    def manage(self, *arguments: str, fine: Collection[int] = (0,)) -> str:
        """What ``manage.py`` says at home."""
        return self.compose("exec", "-T", "home", "shop", "manage", *arguments, fine=fine)

    def instances(self) -> list[dict[str, Any]]:
        """What ``status --json`` lists."""
        return list(
            json.loads(self.manage("extract", "status", "--json").splitlines()[-1])["instances"]
        )

    def served_by(self, app: str) -> set[str]:
        """The ids of the app's own instances that are up."""
        return {
            each["id"] for each in self.instances() if each["app"] == app and each["health"] == "up"
        }

    def serving(self, app: str) -> str:
        """Which role answers for the app, by its own word."""
        return self.headers_of(PAGES[app]).get("X-Served-By", "").partition("/")[0]

    def status_of(self, path: str) -> int:
        return self._get(path)[0]

    def headers_of(self, path: str) -> dict[str, str]:
        return self._get(path)[1]

    def get(self, path: str) -> bytes:
        return self._get(path)[2]

    def _get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """0 where nobody answers."""
        asking = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            asking.request("GET", path)
            answer = asking.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except (OSError, HTTPException):
            return 0, {}, b""
        finally:
            asking.close()

    def logs(self) -> str:
        return self.compose("--profile", "*", "logs", "--no-color")

    def remove(self) -> None:
        self.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5")


PAGES = {
    "product": "/products/",
    "payment": "/cart/",
    "invoice": "/api/invoices/NONE/",
    "receipt": "/api/receipts/00000000-0000-0000-0000-000000000000/",
}


def wait_until(done: Callable[[], object], seconds: float = CALM) -> None:
    """Look again and again. ``AssertionError`` if it takes longer."""
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, f"not within {seconds:g} s"
        time.sleep(0.1)
