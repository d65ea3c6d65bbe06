"""``docker/compose.yaml`` and ``docker/swarm.yaml``: complete for the one list of apps, guarded.

Read as YAML: no Docker is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from extract.trust import GATEWAY, HOME, IDENTITY
from shop.make_secrets import DEFAULT, SHARED, Folders, make
from shop.routes import ROUTES, Route

FOLDER = Path(__file__).resolve().parents[2] / "docker"
COMPOSE, SWARM = "compose.yaml", "swarm.yaml"
FILES = (COMPOSE, SWARM)
AGENT, HOME_WORKER, MIGRATE = "agent", "home-worker", "migrate"
STORES = ("postgres", "redis", "rabbitmq")
KEYCLOAK, MAIL = "keycloak", "mail"
METRICS = {"prometheus", "grafana"}
ELASTICSEARCH, LOGSTASH, KIBANA = ELK = ("elasticsearch", "logstash", "kibana")
MAKES_SECRETS = {"secrets", "use-elk", "use-keycloak", "use-mail", "use-rabbitmq"}
"""They see the folders of all."""
SETS_UP = {"elk-setup", "kibana-setup"}
OTHERS = {KEYCLOAK, MAIL, *METRICS, *ELK, *SETS_UP, *MAKES_SECRETS}
"""Of compose alone, and no part of the shop."""
PUBLISHED = {COMPOSE: {GATEWAY, KEYCLOAK, MAIL, LOGSTASH, KIBANA, *METRICS}, SWARM: {GATEWAY}}
OURS = ("shop:", "shop-gateway:", "${REGISTRY:-}shop:", "${REGISTRY:-}shop-gateway:")
"""How the names of images begin that have a user of their own."""
WRITES_TO_ITS_IMAGE = {KEYCLOAK, "rabbitmq", *ELK}
IN_PLACE = {GATEWAY, AGENT, *STORES}
"""Who holds what only one at a time can: its successor starts when it has ended."""
NOT_FOR_A_STACK = {
    "build", "container_name", "cpu_shares", "depends_on", "network_mode", "privileged", "profiles",
    "restart", "security_opt", "shm_size", "tmpfs",
}  # fmt: skip
"""What ``docker stack deploy`` refuses, or ignores and so only seems to be there."""

Service = dict[str, Any]


@cache
def read(file: str) -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / file).read_text()))


@dataclass(frozen=True)
class Told:
    """Which groups of secrets a service of a file is given, all of a group's or none."""

    groups: dict[str, frozenset[str]]
    """Names of secrets, by group."""

    def to(self, file: str, service: str) -> set[str]:
        found: Service = read(file)["services"][service]
        if file == SWARM:
            names = set(found.get("secrets", ()))
            return {group for group, its in self.groups.items() if names & its}
        volumes = (str(each) for each in found.get("volumes", ()))
        return {
            each.split(":")[0].removeprefix("secrets-")
            for each in volumes
            if each.startswith("secrets-")
        }


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("secrets")
    make(Folders(folder), email_url="smtp://mail.example.com")
    groups = {
        each.name: frozenset(file.name for file in each.iterdir()) for each in folder.iterdir()
    }
    return Told(groups)


# Complete


def test_every_app_has_its_entries(told: Told) -> None:
    assert list(missing_entries(ROUTES, told)) == []


def test_an_app_without_its_entries_is_missed(told: Told) -> None:
    fifth = Route(app="review", prefixes=("/reviews/",))
    said = list(missing_entries([*ROUTES, fifth], told))
    for file in FILES:
        for service in ("review", "review-worker"):
            like = service.replace("review", "receipt")
            assert f"docker/{file} has no service {service}; add one like {like}." in said
        for holder in (HOME, HOME_WORKER, MIGRATE):
            assert any(
                each.startswith(f"{holder} of docker/{file} is not given") and "review" in each
                for each in said
            )


def test_an_app_that_is_no_more_is_said(told: Told) -> None:
    said = list(missing_entries(ROUTES[:-1], told))
    assert f"There is no app for the service receipt of docker/{COMPOSE}; remove it." in said
    assert f"There is no app for the service receipt-worker of docker/{SWARM}; remove it." in said


def missing_entries(routes: Sequence[Route], told: Told) -> Iterator[str]:
    """A sentence for each thing that an app of the list lacks in a file, and for each that is there
    without being wanted."""
    wanted = _wanted(tuple(route.app for route in routes))
    for file in FILES:
        services = read(file)["services"]
        for unknown in sorted(services.keys() - wanted.keys() - OTHERS):
            yield f"There is no app for the service {unknown} of docker/{file}; remove it."
        for name, groups in wanted.items():
            if name not in services:
                if (file, name) != (SWARM, "rabbitmq"):
                    like = "receipt-worker" if name.endswith("-worker") else "receipt"
                    yield f"docker/{file} has no service {name}; add one like {like}."
                continue
            given = told.to(file, name)
            if lacking := sorted(groups - given):
                yield f"{name} of docker/{file} is not given the secrets of {lacking}; add them."
            if foreign := sorted(given - groups):
                yield f"{name} of docker/{file} is given the secrets of {foreign}; take them away."
    yield from _wrong_roles(routes)


def _wanted(apps: Sequence[str]) -> dict[str, set[str]]:
    """Every service that there must be, with the groups whose secrets it holds."""
    all_roles = {SHARED, DEFAULT, HOME, IDENTITY, GATEWAY, *apps}
    of_apps = {name: {SHARED, app} for app in apps for name in (app, f"{app}-worker")}
    return {
        GATEWAY: set(),
        AGENT: {SHARED, DEFAULT, GATEWAY},
        HOME: all_roles,
        HOME_WORKER: all_roles,
        IDENTITY: {SHARED, DEFAULT, HOME, IDENTITY},
        MIGRATE: {*all_roles, "postgres"},
        **of_apps,
        **{store: {store} for store in STORES},
    }


def _wrong_roles(routes: Sequence[Route]) -> Iterator[str]:
    """Services of apps that are another role's, or not in their profiles."""
    for file in FILES:
        services = read(file)["services"]
        for route in routes:
            for verb, name in (("serve", route.app), ("worker", f"{route.app}-worker")):
                if (found := services.get(name)) is None:
                    continue
                if found["command"] != [verb, route.app]:
                    yield f"{name} of docker/{file} must have the command: [{verb}, {route.app}]."
                if file == COMPOSE and found.get("profiles") != [route.app, "services"]:
                    yield f"{name} of docker/{file} must have profiles: [{route.app}, services]."


def test_who_makes_secrets_sees_every_groups_folder(told: Told) -> None:
    for service in MAKES_SECRETS:
        assert told.to(COMPOSE, service) == set(told.groups), service
    assert {f"secrets-{group}" for group in told.groups} <= set(read(COMPOSE)["volumes"])


@pytest.mark.parametrize("name", sorted({KEYCLOAK, *METRICS}))
def test_what_looks_in_from_aside_knows_its_own_secrets_alone_and_reaches_no_store(
    told: Told, name: str
) -> None:
    assert told.to(COMPOSE, name) == {name}
    assert read(COMPOSE)["services"][name]["networks"] == ["shop"]


def test_the_authorization_server_is_one_and_the_same_to_keycloak_and_the_shop() -> None:
    services = read(COMPOSE)["services"]
    there, told = services[KEYCLOAK]["environment"], services["use-keycloak"]["environment"]
    assert told["OIDC_ISSUER"] == f"{there['KC_HOSTNAME']}/realms/shop"
    assert told["SHOP_URL"] == there["SHOP_URL"]
    assert there["BASE_URL"] == services[HOME]["environment"]["BASE_URL"]
    profiles = {services[name]["profiles"][0] for name in (KEYCLOAK, "use-keycloak")}
    assert profiles == {KEYCLOAK}


def test_lines_are_read_by_home_alone_and_their_servers_reach_no_store(told: Told) -> None:
    services = read(COMPOSE)["services"]
    assert read(COMPOSE)["networks"]["lines"] == {"internal": True}
    there = {name for name, each in services.items() if "lines" in each.get("networks", ())}
    assert there == {HOME, *ELK, *SETS_UP}
    for name in (*ELK, *SETS_UP):
        assert set(services[name]["networks"]) <= {"lines", "desk"}, name
        assert services[name]["profiles"] == ["elk"], name
        assert told.to(COMPOSE, name) == set(), name
        tag = services[name]["image"]
        assert tag.endswith(":8.15.0") is (name in ELK), name


def test_every_process_keeps_its_lines_where_they_are_collected() -> None:
    services = read(COMPOSE)["services"]
    shops = {name for name, each in services.items() if "LOG_DIR" in each.get("environment", {})}
    assert shops == set(services) - set(STORES) - OTHERS - {GATEWAY}
    for name in shops:
        assert services[name]["environment"]["LOG_DIR"] == "/data/logs"
        assert "logs:/data/logs" in services[name]["volumes"], name
    assert "logs:/logs:ro" in services[LOGSTASH]["volumes"]


def test_where_lines_are_read_from_is_homes_to_know(tmp_path: Path) -> None:
    url = read(COMPOSE)["services"]["use-elk"]["environment"]["ELASTICSEARCH_URL"]
    folders = Folders(tmp_path)
    make(folders, elasticsearch_url=url)
    assert [str(each.relative_to(tmp_path)) for each in tmp_path.rglob("ELASTICSEARCH_URL")] == [
        "home/ELASTICSEARCH_URL"
    ]
    make(folders)
    assert folders.read(HOME, "ELASTICSEARCH_URL") == "http://elasticsearch:9200"
    make(folders, elasticsearch_url="none")
    assert folders.read(HOME, "ELASTICSEARCH_URL") == ""


def test_a_swarm_gives_all_of_a_groups_secrets(told: Told) -> None:
    declared = read(SWARM)["secrets"]
    of_compose = {"rabbitmq", KEYCLOAK, *METRICS}
    known = frozenset().union(
        *(its for group, its in told.groups.items() if group not in of_compose)
    )
    assert set(declared) == known
    for name, each in declared.items():
        # As swarm-secrets.sh calls it.
        assert each == {"external": True, "name": f"${{SECRETS:-shop}}_{name}"}
    for service, found in read(SWARM)["services"].items():
        names = set(found.get("secrets", ()))
        for group in told.to(SWARM, service) - set(STORES):
            assert told.groups[group] <= names, (service, group)
    assert read(SWARM)["services"]["postgres"]["secrets"] == ["POSTGRES_PASSWORD"]
    assert "POSTGRES_PASSWORD" not in read(SWARM)["services"][MIGRATE]["secrets"]


# Guarded


@pytest.fixture(params=FILES)
def file(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def services(file: str) -> dict[str, Service]:
    return dict(read(file)["services"])


def test_no_service_has_more_rights_than_it_needs(file: str, services: dict[str, Service]) -> None:
    for name, each in services.items():
        assert each["read_only"] is (name not in WRITES_TO_ITS_IMAGE), name
        assert each["cap_drop"] == ["ALL"], name
        assert not {"cap_add", "privileged", "pid", "ipc", "devices"} & each.keys(), name
        if file == COMPOSE:
            assert each["security_opt"] == ["no-new-privileges:true"], name
        if not each["image"].startswith(OURS):
            assert each["user"].split(":")[0] not in ("0", "root"), name


def test_every_service_has_its_share_and_its_logs_an_end(services: dict[str, Service]) -> None:
    for name, each in services.items():
        assert set(each["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name
        assert set(each["logging"]["options"]) == {"max-size", "max-file"}, name


def test_nothing_is_published_but_the_gateway(file: str, services: dict[str, Service]) -> None:
    assert {name for name, each in services.items() if "ports" in each} == PUBLISHED[file]
    assert not any(each.get("network_mode") == "host" for each in services.values())


def test_the_gateway_reaches_no_store_and_nothing_else_reaches_out_of_theirs(
    file: str, services: dict[str, Service]
) -> None:
    networks = read(file)["networks"]
    assert networks["stores"]["internal"] is True
    for name in set(services) - OTHERS:
        alone = {GATEWAY: ["shop"], MIGRATE: ["stores"], **{each: ["stores"] for each in STORES}}
        if file == COMPOSE:
            alone[HOME] = ["lines", "shop", "stores"]
        assert sorted(services[name]["networks"]) == alone.get(name, ["shop", "stores"]), name


def test_every_service_is_probed_and_given_time_to_end(services: dict[str, Service]) -> None:
    for name in set(services) - MAKES_SECRETS - SETS_UP - {MIGRATE, MAIL}:
        assert services[name]["healthcheck"]["start_period"], name
        assert not services[name]["healthcheck"].get("disable"), name
        if name not in {AGENT, KEYCLOAK, *METRICS, *STORES, *ELK}:
            assert services[name]["stop_grace_period"] == "45s", name


# On a swarm


def test_a_stack_says_nothing_that_is_ignored() -> None:
    for name, each in read(SWARM)["services"].items():
        assert not NOT_FOR_A_STACK & each.keys(), name


def test_a_version_that_does_not_work_is_taken_back() -> None:
    for name, each in read(SWARM)["services"].items():
        deploy = each["deploy"]
        assert deploy["endpoint_mode"] == "dnsrr", name
        if name == MIGRATE:
            assert deploy["mode"] == "replicated-job"
            continue
        order = "stop-first" if name in IN_PLACE else "start-first"
        for way in ("update_config", "rollback_config"):
            assert deploy[way]["order"] == order, name
            assert deploy[way]["parallelism"] == 1, name
            assert deploy[way]["monitor"], name
        assert deploy["update_config"]["failure_action"] == "rollback", name


def test_what_shares_a_folder_is_on_one_node_and_the_wire_is_encrypted() -> None:
    placed = {
        name: each["deploy"]["placement"]["constraints"]
        for name, each in read(SWARM)["services"].items()
        if "placement" in each["deploy"]
    }
    assert placed == {
        GATEWAY: ["node.labels.gateway == yes"],
        AGENT: ["node.labels.gateway == yes"],
        "postgres": ["node.labels.stores == yes"],
        "redis": ["node.labels.stores == yes"],
    }
    assert read(SWARM)["services"][GATEWAY]["deploy"]["mode"] == "global"
    assert read(SWARM)["services"][AGENT]["deploy"]["mode"] == "global"
    for each in read(SWARM)["networks"].values():
        assert each["driver_opts"] == {"encrypted": "true"}


def test_an_app_can_be_at_home_on_a_swarm() -> None:
    for route in ROUTES:
        for name, number in ((route.app, 2), (f"{route.app}-worker", 1)):
            variable = f"{name.upper().replace('-', '_')}_REPLICAS"
            deploy = read(SWARM)["services"][name]["deploy"]
            assert deploy["replicas"] == f"${{{variable}:-{number}}}", name
