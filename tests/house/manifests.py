"""Kubernetes' manifests as the tests read them: rendered, and what a cluster makes of them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from extract.trust import GATEWAY, HOME, IDENTITY
from shop.routes import APP_LABELS, ROUTES
from tests.components import kustomize

FOLDER = Path(__file__).resolve().parents[2] / "docker" / "kubernetes"
OVERLAYS = ("small", "production")
WITH_PODS = ("Deployment", "StatefulSet", "Job")
ROLE, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"

HOME_WORKER, MIGRATE = "home-worker", "migrate"
INSTANCES = (HOME, IDENTITY, *APP_LABELS)
WORKERS = tuple(f"{route.app}-worker" for route in ROUTES if route.background)
IN_THE_SHOP = (GATEWAY, *INSTANCES, HOME_WORKER, *WORKERS, MIGRATE)
"""The workloads that are the shop itself; others are servers that it uses."""
UNKNOWN = "a pod that nobody thought of"
"""One without labels."""

Object = dict[str, Any]
Labels = Mapping[str, str]


@cache
def rendered(overlay: str, folder: Path = FOLDER) -> tuple[Object, ...]:
    """Every object of ``overlays/<overlay>`` below the folder."""
    return tuple(yaml.safe_load_all(rendered_text(overlay, folder)))


@cache
def rendered_text(overlay: str, folder: Path = FOLDER) -> str:
    done = subprocess.run(
        [*kustomize(), str(folder / "overlays" / overlay)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def of_kind(objects: tuple[Object, ...], *kinds: str) -> dict[str, Object]:
    """By name."""
    return {each["metadata"]["name"]: each for each in objects if each["kind"] in kinds}


def pods(objects: tuple[Object, ...]) -> dict[str, Object]:
    """The pod template of each workload, by the workload's name."""
    return {name: each["spec"]["template"] for name, each in of_kind(objects, *WITH_PODS).items()}


def containers(pod: Object) -> dict[str, Object]:
    """All of a pod's containers, also those that start first, by name."""
    spec = pod["spec"]
    return {each["name"]: each for each in (*spec.get("initContainers", ()), *spec["containers"])}


def lasting(pod: Object) -> dict[str, Object]:
    """Those that run as long as the pod; sidecars are among those that start first."""
    spec = pod["spec"]
    sidecars = (c for c in spec.get("initContainers", ()) if c.get("restartPolicy") == "Always")
    return {each["name"]: each for each in (*sidecars, *spec["containers"])}


def secrets_of(pod: Object, container: str | None = None) -> set[str]:
    """The Secrets that a pod, or one of its containers, finds as files."""
    mounted = {
        mount["name"]
        for name, each in containers(pod).items()
        if container in (None, name)
        for mount in each.get("volumeMounts", ())
    }
    return {
        name
        for volume in pod["spec"].get("volumes", ())
        if volume["name"] in mounted
        for name in _secrets_in(volume)
    }


def _secrets_in(volume: Object) -> Iterator[str]:
    if "secret" in volume:
        yield volume["secret"]["secretName"]
    for source in volume.get("projected", {}).get("sources", ()):
        if "secret" in source:
            yield source["secret"]["name"]


def selects(selector: Object, labels: Labels) -> bool:
    """Whether a label selector takes what has these labels. An empty one takes everything."""
    wanted = selector.get("matchLabels", {})
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_expressed(each, labels) for each in selector.get("matchExpressions", ()))


def _expressed(expression: Object, labels: Labels) -> bool:
    found, operator = labels.get(expression["key"]), expression["operator"]
    if operator == "In":
        return found in expression["values"]
    raise AssertionError(f"These tests cannot tell what the operator {operator} selects.")


class Network:
    """Who may reach whom, by the NetworkPolicies among the objects."""

    def __init__(self, objects: tuple[Object, ...]) -> None:
        self._policies = list(of_kind(objects, "NetworkPolicy").values())
        self._labels = {name: pod["metadata"]["labels"] for name, pod in pods(objects).items()}
        self._labels[UNKNOWN] = {}

    def is_guarded(self, name: str, direction: str) -> bool:
        """Whether any policy speaks of the workload's pods; else everything is allowed."""
        return any(direction in each["spec"]["policyTypes"] for each in self._for(name))

    def lets_in(self, source: str | None, name: str, port: int) -> bool:
        """From a workload's pod, or None: from outside the namespace."""
        return self._allows(name, "ingress", "from", source, port)

    def lets_out(self, name: str, target: str | None, port: int) -> bool:
        """To a workload's pod, or None: to some address outside the namespace."""
        return self._allows(name, "egress", "to", target, port)

    def connects(self, source: str, target: str, port: int) -> bool:
        return self.lets_out(source, target, port) and self.lets_in(source, target, port)

    def _for(self, name: str) -> list[Object]:
        labels = self._labels[name]
        return [each for each in self._policies if selects(each["spec"]["podSelector"], labels)]

    def _allows(self, name: str, way: str, peers: str, other: str | None, port: int) -> bool:
        rules = (rule for policy in self._for(name) for rule in policy["spec"].get(way, ()))
        return any(
            self._is_peer(rule.get(peers), other)
            and any(each["port"] == port for each in rule["ports"])
            for rule in rules
        )

    def _is_peer(self, peers: list[Object] | None, other: str | None) -> bool:
        if peers is None:
            return True
        if other is None:
            return any("ipBlock" in peer or "namespaceSelector" in peer for peer in peers)
        labels = self._labels[other]
        return any(
            selects(peer["podSelector"], labels)
            for peer in peers
            if "podSelector" in peer and "namespaceSelector" not in peer
        )
