"""Both overlays of ``docker/kubernetes/``: valid, and complete for the one list of apps."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from kubernetes_validate import utils

from extract.trust import HOME, IDENTITY
from shop.routes import APP_LABELS, ROUTES, Route
from tests.components import kube_score
from tests.house.manifests import (
    COMPONENT,
    FOLDER,
    HOME_WORKER,
    IN_THE_SHOP,
    INSTANCES,
    MIGRATE,
    OVERLAYS,
    ROLE,
    WORKERS,
    Object,
    containers,
    of_kind,
    pods,
    rendered,
    rendered_text,
    secrets_of,
)

MAJOR, MINOR, *_ = map(int, kubernetes_validate.latest_version().split("."))
NEWEST = (f"{MAJOR}.{MINOR}", f"{MAJOR}.{MINOR - 1}")
SCHEMAS = cache(utils.schema_contents)
"""Read once: for each object anew they take a tenth of a second."""
UNSCORED = {
    # A tag is a version; a laptop's cluster is given its images.
    "container-image-pull-policy": OVERLAYS,
    # Pods are spread by topologySpreadConstraints.
    "deployment-has-host-podantiaffinity": OVERLAYS,
    # The same question, asked with another patience.
    "pod-probes-identical": OVERLAYS,
    # One of each, on a machine of one's own, and the users that the official images have.
    "deployment-replicas": ("small",),
    "container-security-context-user-group-id": ("small",),
}
"""kube-score's checks that are not ours, and in which overlays."""


@pytest.fixture(params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def objects(overlay: str) -> tuple[Object, ...]:
    return rendered(overlay)


# Valid


@pytest.mark.parametrize("version", NEWEST)
def test_every_object_is_what_kubernetes_takes(
    objects: tuple[Object, ...], version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(utils, "schema_contents", SCHEMAS)
    for each in objects:
        assert kubernetes_validate.validate(each, version, strict=True) == version


def test_the_linter_has_nothing_to_say(overlay: str) -> None:
    ignored = [check for check, overlays in UNSCORED.items() if overlay in overlays]
    done = subprocess.run(
        [
            str(kube_score()), "score", "-", "--output-format", "ci", "--exit-one-on-warning",
            "--kubernetes-version", f"v{NEWEST[0]}", "--ignore-test", ",".join(ignored),
            "--enable-optional-test", "container-seccomp-profile",
        ],
        input=rendered_text(overlay), capture_output=True, text=True,
    )  # fmt: skip
    found = [line for line in done.stdout.splitlines() if not line.startswith(("[OK]", "[SKIP"))]
    assert (done.returncode, found) == (0, [])


# Complete


def test_every_app_has_its_entries(objects: tuple[Object, ...]) -> None:
    assert list(missing_entries(ROUTES, objects)) == []


def test_an_app_without_its_entries_is_missed(objects: tuple[Object, ...]) -> None:
    fifth = Route(app="review", prefixes=("/reviews/",), background=True)
    said = list(missing_entries([*ROUTES, fifth], objects))
    assert "review has no Deployment review; add a folder roles/review like " in said[0]
    assert sum("review-worker" in each for each in said) >= 2
    assert any("add shop-review to the list in roles/home/" in each for each in said)


def test_an_app_that_is_no_more_is_said(objects: tuple[Object, ...]) -> None:
    said = list(missing_entries(ROUTES[:-1], objects))
    assert f"There is no app {ROUTES[-1].app}; remove roles/{ROUTES[-1].app}." in said[0]


def test_a_fifth_app_is_one_short_file_and_two_lines(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FOLDER, tmp_path / "kubernetes"))
    entry = folder / "roles" / "review" / "kustomization.yaml"
    entry.parent.mkdir()
    like = (FOLDER / "roles" / "receipt" / "kustomization.yaml").read_text()
    entry.write_text(like.replace("receipt", "review"))
    _add_a_line(folder / "base" / "kustomization.yaml", after="- ../roles/receipt", app="receipt")
    _add_a_line(
        folder / "roles" / "home" / "kustomization.yaml",
        after="- secret: {name: shop-receipt}",
        app="receipt",
    )
    fifth = Route(app="review", prefixes=("/reviews/",), background=True)
    for overlay in OVERLAYS:
        assert list(missing_entries([*ROUTES, fifth], rendered(overlay, folder))) == []


def _add_a_line(file: Path, *, after: str, app: str) -> None:
    text = file.read_text()
    (line,) = (each for each in text.splitlines() if each.strip() == after)
    file.write_text(text.replace(line, f"{line}\n{line.replace(app, 'review')}"))


def missing_entries(routes: Sequence[Route], objects: tuple[Object, ...]) -> Iterator[str]:
    """A sentence for each thing that an app of the list lacks in the manifests, or that an app
    has there which is not in the list."""
    found = _apps_of(objects)
    for app in sorted(found - {route.app for route in routes}):
        yield f"There is no app {app}; remove roles/{app}."
    autoscaled = bool(of_kind(objects, "HorizontalPodAutoscaler"))
    for route in routes:
        names = [route.app, f"{route.app}-worker"] if route.background else [route.app]
        like = "receipt" if route.background else "invoice"
        wanted = [("Deployment", name) for name in names]
        wanted += [("Service", route.app)]
        wanted += [("PodDisruptionBudget", name) for name in names]
        wanted += [("HorizontalPodAutoscaler", name) for name in names if autoscaled]
        for kind, name in wanted:
            if name not in of_kind(objects, kind):
                yield (
                    f"{route.app} has no {kind} {name}; add a folder roles/{route.app} like "
                    f"roles/{like}, and name it in base/kustomization.yaml."
                )
        for name in names:
            if name in pods(objects) and f"shop-{route.app}" not in secrets_of(pods(objects)[name]):
                yield f"{name} does not hold shop-{route.app}; name it in roles/{route.app}."
        for holder in (HOME, HOME_WORKER, MIGRATE):
            if f"shop-{route.app}" not in secrets_of(pods(objects)[holder]):
                yield (
                    f"{holder} does not hold the secrets of {route.app}; add shop-{route.app} to "
                    f"the list in roles/home/kustomization.yaml."
                )


def _apps_of(objects: tuple[Object, ...]) -> set[str]:
    """The names of all roles that serve, but for those that are no app's."""
    labels: list[dict[str, Any]] = [pod["metadata"]["labels"] for pod in pods(objects).values()]
    served = {each[ROLE] for each in labels if each[COMPONENT] in ("instance", "worker")}
    return served - {HOME, IDENTITY}


# The two overlays


def test_small_begins_as_the_monolith() -> None:
    deployments = of_kind(rendered("small"), "Deployment")
    at_zero = {name for name, each in deployments.items() if each["spec"].get("replicas") == 0}
    assert at_zero == {*APP_LABELS, *WORKERS}
    assert containers(pods(rendered("small"))[MIGRATE])["shop"]["args"] == ["migrate", "--demo"]


def test_production_keeps_no_state() -> None:
    objects = rendered("production")
    assert {each["kind"] for each in objects}.isdisjoint({"StatefulSet", "PersistentVolume"})
    assert set(pods(objects)) == set(IN_THE_SHOP)
    assert containers(pods(objects)[MIGRATE])["shop"]["args"] == ["migrate"]


def test_in_production_every_deployment_is_scaled_spread_and_never_gone() -> None:
    objects = rendered("production")
    deployments = of_kind(objects, "Deployment")
    scaled = of_kind(objects, "HorizontalPodAutoscaler")
    assert {each["spec"]["scaleTargetRef"]["name"] for each in scaled.values()} == set(deployments)
    assert all(each["spec"]["minReplicas"] >= 2 for each in scaled.values())
    assert set(of_kind(objects, "PodDisruptionBudget")) == set(deployments)
    for name, each in deployments.items():
        # Whoever applies the manifests again must not undo what was scaled.
        assert "replicas" not in each["spec"], name
        assert each["spec"]["template"]["spec"]["topologySpreadConstraints"], name


def test_an_instance_tells_the_others_its_own_address(objects: tuple[Object, ...]) -> None:
    for name in (*INSTANCES, HOME_WORKER, *WORKERS):
        pod = pods(objects)[name]
        told = {each["name"]: each for each in containers(pod)["shop"]["env"]}
        assert told["POD_IP"]["valueFrom"]["fieldRef"]["fieldPath"] == "status.podIP"
        assert told["EXTRACT_ADDRESS"]["value"] == "$(POD_IP):8000"
        verb = "worker" if name.endswith("-worker") else "serve"
        assert containers(pod)["shop"]["args"] == [verb, "$(EXTRACT_ROLE)"]
        assert pod["metadata"]["labels"][ROLE] == name.removesuffix("-worker")
