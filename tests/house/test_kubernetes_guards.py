"""What the pods of ``docker/kubernetes/`` may do, what they know, and whom they reach."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from extract.trust import GATEWAY, HOME, IDENTITY
from shop.make_secrets import GROUPS
from shop.routes import APP_LABELS, ROUTES
from shop.secret_files import is_secret
from tests.house.manifests import (
    FOLDER,
    HOME_WORKER,
    IN_THE_SHOP,
    INSTANCES,
    MIGRATE,
    OVERLAYS,
    UNKNOWN,
    WORKERS,
    Network,
    Object,
    containers,
    lasting,
    of_kind,
    pods,
    rendered,
    secrets_of,
)


@pytest.fixture(params=OVERLAYS)
def objects(request: pytest.FixtureRequest) -> tuple[Object, ...]:
    return rendered(request.param)


# Rights


def test_the_namespace_takes_restricted_pods_only(objects: tuple[Object, ...]) -> None:
    (namespace,) = of_kind(objects, "Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {each["metadata"]["namespace"] for each in objects if each["kind"] != "Namespace"} == {
        namespace["metadata"]["name"]
    }


def test_no_pod_has_more_rights_than_it_needs(objects: tuple[Object, ...]) -> None:
    for name, pod in pods(objects).items():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), name
        assert not any("hostPath" in volume for volume in spec["volumes"]), name
        context = spec["securityContext"]
        assert context["runAsNonRoot"] is True, name
        assert context["runAsUser"] == (10001 if name in (*IN_THE_SHOP, "mail") else 999), name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in containers(pod).values():
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            }, (name, container["name"])


def test_every_container_has_its_share_and_no_more(objects: tuple[Object, ...]) -> None:
    for name, pod in pods(objects).items():
        for container in containers(pod).values():
            for bound in ("requests", "limits"):
                kinds = {"cpu", "memory", "ephemeral-storage"}
                assert set(container["resources"][bound]) == kinds, (name, container["name"])


def test_every_container_that_lasts_is_probed(objects: tuple[Object, ...]) -> None:
    for name, pod in pods(objects).items():
        if name == MIGRATE:
            continue
        for container in lasting(pod).values():
            probes = {each for each in container if each.endswith("Probe")}
            assert probes == {"startupProbe", "livenessProbe", "readinessProbe"}, (
                name,
                container["name"],
            )


def test_images_have_a_version(objects: tuple[Object, ...]) -> None:
    for name, pod in pods(objects).items():
        for container in containers(pod).values():
            tag = container["image"].rpartition("/")[2].partition(":")[2]
            assert tag not in ("", "latest"), (name, container["image"])


def test_a_drain_has_the_time_it_takes(objects: tuple[Object, ...]) -> None:
    for name, pod in pods(objects).items():
        least = {GATEWAY: 45 + 5}.get(name, 45 if name in IN_THE_SHOP else 30)
        assert pod["spec"].get("terminationGracePeriodSeconds", 30) >= least, name
    # The only one that is found by a Service: it must serve on while that is told.
    nginx = containers(pods(objects)[GATEWAY])["nginx"]
    assert nginx["lifecycle"]["preStop"]["sleep"]["seconds"] >= 5


# Secrets


def test_no_secret_is_told_here(objects: tuple[Object, ...]) -> None:
    assert not of_kind(objects, "Secret")
    for where, name, value in _told(objects):
        if is_secret(name):
            parts = urlsplit(value)
            assert parts.scheme, (where, name)
            assert not parts.password, (where, name)


def test_secrets_are_files(objects: tuple[Object, ...]) -> None:
    for name, pod in pods(objects).items():
        for container in containers(pod).values():
            assert not any("secretRef" in each for each in container.get("envFrom", ())), name
            assert not any(
                "secretKeyRef" in each.get("valueFrom", {}) for each in container.get("env", ())
            ), name


def test_the_secrets_are_those_that_are_made(objects: tuple[Object, ...]) -> None:
    named = {name for pod in pods(objects).values() for name in secrets_of(pod)}
    assert named <= {f"shop-{group}" for group in GROUPS}
    told = re.search(r"^for group in (.*); do$", (FOLDER / "README.md").read_text(), re.M)
    assert told
    assert set(told[1].split()) == {*GROUPS} - {"rabbitmq", "keycloak", "prometheus", "grafana"}


def test_each_role_holds_its_own_secrets(objects: tuple[Object, ...]) -> None:
    apps = {f"shop-{app}" for app in APP_LABELS}
    home = {"shop-shared", "shop-default", "shop-home", "shop-identity", "shop-gateway", *apps}
    expected = {
        **{app: {"shop-shared", f"shop-{app}"} for app in APP_LABELS},
        **{f"{r.app}-worker": {"shop-shared", f"shop-{r.app}"} for r in ROUTES if r.background},
        HOME: home,
        HOME_WORKER: home,
        MIGRATE: {*home, "shop-postgres"},
        IDENTITY: {"shop-shared", "shop-default", "shop-home", "shop-identity"},
        GATEWAY: {"shop-shared", "shop-default", "shop-gateway"},
    }
    held = {name: secrets_of(pod) for name, pod in pods(objects).items() if name in IN_THE_SHOP}
    assert held == expected
    assert secrets_of(pods(objects)[GATEWAY], "nginx") == set()


def _told(objects: tuple[Object, ...]) -> Iterator[tuple[str, str, str]]:
    """Where, name and value of everything that a container is told by its environment."""
    for name, settings in of_kind(objects, "ConfigMap").items():
        for key, value in settings["data"].items():
            yield name, key, value
    for name, pod in pods(objects).items():
        for container in containers(pod).values():
            for each in container.get("env", ()):
                if "value" in each:
                    yield name, each["name"], each["value"]


# Network


def test_every_pod_is_guarded_both_ways(objects: tuple[Object, ...]) -> None:
    network = Network(objects)
    for name in (*pods(objects), UNKNOWN):
        assert network.is_guarded(name, "Ingress"), name
        assert network.is_guarded(name, "Egress"), name


def test_the_gateway_is_the_one_door(objects: tuple[Object, ...]) -> None:
    network = Network(objects)
    open_doors = {
        (name, port)
        for name in pods(objects)
        for port in (8000, 8080, 5432, 6379, 1025, 8025)
        if network.lets_in(None, name, port)
    }
    assert open_doors == {(GATEWAY, 8080)}


def test_processes_reach_each_other_and_nobody_else_does(objects: tuple[Object, ...]) -> None:
    network = Network(objects)
    processes = {*INSTANCES, HOME_WORKER, *WORKERS}
    for target in processes:
        callers = {name for name in pods(objects) if network.connects(name, target, 8000)}
        assert callers == processes | {GATEWAY}, target


def test_the_stores_are_for_the_shop_alone() -> None:
    network, names = Network(rendered("small")), set(pods(rendered("small")))
    for store, port in (("postgres", 5432), ("redis", 6379)):
        let_in = {name for name in names if network.lets_in(name, store, port)}
        let_out = {name for name in names if network.lets_out(name, store, port)}
        assert (let_in, let_out) == (set(IN_THE_SHOP), set(IN_THE_SHOP)), store


def test_stores_outside_are_reached_by_the_shop() -> None:
    network, names = Network(rendered("production")), set(pods(rendered("production")))
    for port in (5432, 6379):
        assert {name for name in names if network.lets_out(name, None, port)} == set(IN_THE_SHOP)


def test_mails_leave_from_workers_and_home(objects: tuple[Object, ...]) -> None:
    network = Network(objects)
    senders = {HOME, HOME_WORKER, *WORKERS}
    for port in (25, 465, 587):
        assert {name for name in pods(objects) if network.lets_out(name, None, port)} == senders
    if "mail" in pods(objects):
        catching = {name for name in pods(objects) if network.connects(name, "mail", 1025)}
        assert catching == senders


def test_names_are_found(objects: tuple[Object, ...]) -> None:
    network = Network(objects)
    assert all(network.lets_out(name, None, 53) for name in pods(objects))
    # And nothing else is found outside, but by those who are named above.
    assert not any(network.lets_out(name, None, 443) for name in pods(objects))


def test_an_authorization_server_is_reached_by_who_asks_it(tmp_path: Path) -> None:
    """With the lines that the production overlay has for it."""
    folder = Path(shutil.copytree(FOLDER, tmp_path / "kubernetes"))
    overlay = folder / "overlays" / "production" / "kustomization.yaml"
    overlay.write_text(re.sub(r"# (- (?:sign-in\.yaml|OIDC_))", r"\1", overlay.read_text()))
    objects = rendered("production", folder)
    (settings,) = of_kind(objects, "ConfigMap").values()
    assert settings["data"]["OIDC_ISSUER"] == "https://login.example.com/realms/shop"
    network = Network(objects)
    asking = {name for name in pods(objects) if network.lets_out(name, None, 443)}
    assert asking == {HOME, IDENTITY}
    # The client's secret is among those of identity, which home has as well.
    for name in asking:
        assert "shop-identity" in secrets_of(pods(objects)[name]), name
