"""The stack of ``docker/swarm.yaml``, on this machine as a swarm of one node."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shop.routes import APP_LABELS
from tests.docker.books import ContainerBooks
from tests.docker.stack import ROOT, engine, wait_until
from tests.ports import free_port

NAME = f"shop-swarm-{os.getpid()}"
OLD, NEW, ILL = "swarm-a", "swarm-b", "swarm-c"
OURS = ("--filter", f"label=com.docker.stack.namespace={NAME}")
LABELS = ("gateway", "stores")
INSTANCES = 2
CALM = 180.0
"""Seconds in which whatever was asked for has come about, on a busy machine too."""
ENDED = ("completed", "paused", "rollback_completed", "rollback_paused")
"""The states of an update that do not change by themselves."""


@contextmanager
def one_node() -> Iterator[None]:
    """This machine as a swarm, which it may be already; skipped or failed without an engine."""
    engine()
    made = _said("docker", "info", "--format", "{{.Swarm.LocalNodeState}}") == "inactive"
    if made:
        assert _said("docker", "swarm", "init", "--advertise-addr", "127.0.0.1")
    own = _said("docker", "info", "--format", "{{.Swarm.NodeID}}")
    known = json.loads(_said("docker", "node", "inspect", "--format", "{{json .Spec.Labels}}", own))
    missing = [label for label in LABELS if label not in known]
    for label in missing:
        _said("docker", "node", "update", "--label-add", f"{label}=yes", own)
    try:
        yield
    finally:
        for label in missing:
            _said("docker", "node", "update", "--label-rm", label, own)
        if made:
            _said("docker", "swarm", "leave", "--force")


def _said(*words: str) -> str:
    """Nothing if it fails."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


class Swarm:
    """A stack of its own, on a free port: home, and payment in two instances.

    ``secrets`` is the folder that its secrets are made in.
    """

    def __init__(self, secrets: Path) -> None:
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._secrets = secrets
        at_home = {app.upper() for app in APP_LABELS} - {"PAYMENT"}
        self._env = {
            **os.environ,
            "SECRETS": NAME,
            "NETWORK": "10.78",
            "PORT": str(self.port),
            "VERSION": OLD,
            "DEMO": "on",
            "THROTTLE": "off",
            "EXTRACT_BASIC_AUTH": "1",
            "EXTRACT_SHOW_INSTANCE": "1",
            "HOME_REPLICAS": "1",
            "IDENTITY_REPLICAS": "1",
            "PAYMENT_REPLICAS": str(INSTANCES),
            **{f"{app}{kind}_REPLICAS": "0" for app in at_home for kind in ("", "_WORKER")},
        }

    def build(self) -> None:
        """Two versions, and one that never gets healthy."""
        for version in (OLD, NEW):
            how = ("-p", NAME, "-f", "docker/compose.yaml")
            self.docker("compose", *how, "build", "home", "gateway", VERSION=version)
        ill = f"FROM shop:{NEW}\nENV EXTRACT_VERSION={ILL}\nHEALTHCHECK CMD false\n"
        self.docker("build", "--tag", f"shop:{ILL}", "-", told=ill)

    def deploy(self) -> None:
        self._run("docker/swarm-secrets.sh", str(self._secrets))
        # The images are on this node, and in no registry.
        how = ("--detach", "--resolve-image", "never", "-c", "docker/swarm.yaml")
        self.docker("stack", "deploy", *how, NAME)

    def remove(self) -> None:
        self.docker("stack", "rm", NAME)
        wait_until(lambda: self._left() <= set(self._jobs()), CALM)
        # A swarm forgets the containers of a job that has ended.
        self.docker("rm", "--volumes", *self._jobs())
        self.docker("volume", "rm", *self.docker("volume", "ls", "--quiet", *OURS).split())
        secrets = self.docker("secret", "ls", "--quiet", "--filter", f"name={NAME}_")
        self.docker("secret", "rm", *secrets.split())
        tags = [
            f"shop:{ILL}",
            *(f"shop{of}:{tag}" for of in ("", "-gateway") for tag in (OLD, NEW)),
        ]
        self.docker("image", "rm", *tags)

    def _left(self) -> set[str]:
        """Containers and networks."""
        kinds = (("ps", "--all", "--quiet"), ("network", "ls", "--quiet"))
        return {id for kind in kinds for id in self.docker(*kind, *OURS).split()}

    def _jobs(self) -> list[str]:
        label = f"label=com.docker.swarm.service.name={NAME}_migrate"
        return self.docker("ps", "--all", "--quiet", "--filter", label).split()

    def update(self, version: str, *how: str) -> str:
        """Payment to this version, as an operator does it; the state that it ended in."""
        self.docker(
            "service", "update", "--detach", "--no-resolve-image", "--image", f"shop:{version}",
            *how, f"{NAME}_payment",
        )  # fmt: skip
        wait_until(lambda: self._update_state() in ENDED, CALM)
        return self._update_state()

    def _update_state(self) -> str:
        state = "{{with .UpdateStatus}}{{.State}}{{end}}"
        return self.docker("service", "inspect", "--format", state, f"{NAME}_payment")

    def payment(self) -> dict[str, str]:
        """Its instances that are up, each with its version."""
        said = self.manage("extract", "status", "--json", fine=(0, 1))
        listed = json.loads(said.splitlines()[-1])["instances"] if said else []
        return {
            each["id"]: each["version"]
            for each in listed
            if each["app"] == "payment" and each["health"] == "up"
        }

    def endings(self, service: str) -> list[int]:
        """The exit codes of its containers that have ended, the last to end first; 137 is a kill.

        An instance that started before the databases were ready has ended by 1.
        """
        ended = (f"label=com.docker.swarm.service.name={NAME}_{service}", "status=exited")
        filters = [word for each in ended for word in ("--filter", each)]
        ids = self.docker("ps", "--all", "--quiet", *filters).split()
        how = "{{.State.FinishedAt}} {{.State.ExitCode}}"
        said = self.docker("inspect", "--format", how, *ids).splitlines() if ids else []
        return [int(line.split()[1]) for line in sorted(said, reverse=True)]

    def inside(self, service: str, *words: str, fine: Collection[int] = (0,)) -> str:
        """What a command says in a container of the service."""
        return self.docker("exec", self.container(service), *words, fine=fine)

    def container(self, service: str) -> str:
        """The id of one that runs; "" if there is none."""
        label = f"label=com.docker.swarm.service.name={NAME}_{service}"
        return self.docker("ps", "--quiet", "--filter", label).partition("\n")[0]

    def services(self) -> dict[str, Any]:
        """Each as the engine describes it."""
        ids = self.docker("service", "ls", "--quiet", *OURS).split()
        found = json.loads(self.docker("service", "inspect", *ids))
        return {each["Spec"]["Name"].removeprefix(f"{NAME}_"): each for each in found}

    def manage(self, *words: str, fine: Collection[int] = (0,)) -> str:
        """What ``manage.py`` says at home."""
        return self.inside("home", "shop", "manage", *words, fine=fine)

    def docker(self, *words: str, told: str = "", fine: Collection[int] = (0,), **env: str) -> str:
        return self._run("docker", *words, told=told, fine=fine, **env)

    def _run(self, *words: str, told: str = "", fine: Collection[int] = (0,), **env: str) -> str:
        done = subprocess.run(
            words, env={**self._env, **env}, cwd=ROOT, input=told,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode not in fine:
            raise RuntimeError(f"{' '.join(words)}:\n{(done.stdout + done.stderr)[-3000:]}")
        return done.stdout.strip()


class SwarmBooks(ContainerBooks):
    """``skus`` are on sale, and never sold out."""

    def __init__(self, swarm: Swarm) -> None:
        self._stack: Any = swarm
        self.skus = self.stock_up()

    def _psql(self, app: str, statement: str) -> str:
        swarm: Swarm = self._stack
        return swarm.docker(
            "exec", "--env", f"PGOPTIONS=-c search_path={app}", swarm.container("postgres"),
            "psql", "-U", "postgres", "-d", "shop", "-qtAc", statement,
        )  # fmt: skip
