"""What an operator does on the control page: asked first, done once, allowed and recorded."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from extract.event.models import Verdict
from extract.event.pause import paused
from extract.registry import RedisRegistry, Signed
from extract.registry.models import Drained
from extract.trust import RoleKeys
from tests.control.test_page import PAGE, letter, read
from tests.redis_server import RedisServer
from tests.registry.scene import instance

pytestmark = pytest.mark.usefixtures("database")

INSTANCES = ("instances/one/drain/", "instances/one/enable/", "apps/payment/scale/")
QUEUES = ("queues/receipt/pause/", "queues/receipt/resume/")


@pytest.fixture
def registered(redis: RedisServer, settings: Any) -> RedisServer:
    """An instance of payment is listed."""
    settings.REDIS_URL = redis.url
    registry = RedisRegistry(redis.url)
    keys = RoleKeys("payment", settings.EXTRACT_ROLE_SECRETS["payment"])
    registry.announce("one", Signed.of(instance("one", "payment"), keys))
    registry.close()
    return redis


def do(client: Client, action: str, **said: str) -> str:
    """Ask, confirm, and read the page that follows."""
    asked = read(client, f"{PAGE}{action}")
    assert 'method="post"' in asked
    return client.post(f"{PAGE}{action}", said, follow=True).content.decode()


def drained(redis: RedisServer) -> frozenset[str] | None:
    registry = RedisRegistry(redis.url)
    try:
        return registry.drained()
    finally:
        registry.close()


def test_an_instance_is_drained_and_enabled(operator: Client, registered: RedisServer) -> None:
    assert "payment/one is drained." in do(operator, "instances/one/drain/")
    assert Drained.objects.get(instance="one").by == "olive@example.com"
    assert drained(registered) == {"one"}
    assert "one is enabled." in do(operator, "instances/one/enable/")
    assert drained(registered) == frozenset()


def test_what_is_decided_while_the_registry_is_away_is_kept(
    operator: Client, registered: RedisServer
) -> None:
    registered.stop()
    assert "cannot be told" in read(operator, f"{PAGE}instances/one/drain/")
    said = do(operator, "instances/one/drain/")
    assert "one is drained. It takes effect when the registry is back." in said
    assert Drained.objects.filter(instance="one").exists()


def test_to_ask_changes_nothing(operator: Client, registered: RedisServer) -> None:
    dead = letter()
    for action in (
        *INSTANCES,
        *QUEUES,
        f"letters/receipt/{dead.event_id}/retry/",
        f"letters/receipt/{dead.event_id}/discard/",
    ):
        assert 'method="post"' in read(operator, f"{PAGE}{action}")
    dead.refresh_from_db(using="receipt")
    assert (dead.state, paused("receipt"), Drained.objects.count()) == ("dead", None, 0)
    assert LogEntry.objects.count() == 0


def test_a_queue_is_paused_and_resumed(operator: Client) -> None:
    assert "The queue of receipt is paused." in do(operator, "queues/receipt/pause/")
    pause = paused("receipt")
    assert pause is not None
    assert pause.by == "olive@example.com"
    page = read(operator)
    assert "The queue of receipt is paused by olive@example.com." in page
    assert f"{PAGE}queues/receipt/resume/" in page
    assert "The queue of receipt goes on." in do(operator, "queues/receipt/resume/")
    assert paused("receipt") is None


def test_a_dead_letter_is_decided_once(operator: Client) -> None:
    dead, other = letter(), letter()
    assert "Retried: payment.OrderPaid" in do(operator, f"letters/receipt/{dead.event_id}/retry/")
    again = do(operator, f"letters/receipt/{dead.event_id}/discard/")
    assert "is no dead letter (any more)" in again
    do(operator, f"letters/receipt/{other.event_id}/discard/")
    rows = Verdict.objects.using("receipt").order_by("id").values_list("decision", "by")
    by = "olive@example.com"
    assert list(rows) == [("retried", by), ("discarded", by)]


def test_each_thing_done_is_recorded_and_nothing_else(
    operator: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    dead = letter()
    do(operator, f"letters/receipt/{dead.event_id}/retry/")
    do(operator, f"letters/receipt/{dead.event_id}/retry/")
    do(operator, "queues/receipt/pause/")
    entries = LogEntry.objects.order_by("id").values_list("object_repr", "change_message")
    assert list(entries) == [
        (f"receipt/{dead.event_id}", f"Retried: payment.OrderPaid of {dead.aggregate}."),
        ("receipt", "The queue of receipt is paused."),
    ]
    said = "\n".join(str(record.msg) for record in caplog.records)
    assert "security.control.retry" in said
    assert "security.control.pause" in said


def test_where_nothing_runs_to_be_scaled_that_is_said(
    operator: Client, registered: RedisServer
) -> None:
    assert "No fleet is up on this machine" in do(operator, "apps/payment/scale/", count="2")
    assert "0 to 50" in do(operator, "apps/payment/scale/", count="a few")
    assert "this page would not be there" in do(operator, "apps/home/scale/", count="0")
    assert f"{PAGE}apps/payment/scale/" not in read(operator)


@pytest.mark.parametrize(
    ("granted", "actions"),
    [
        (("view_control", "control_queues"), INSTANCES),
        (("view_control", "control_instances"), QUEUES),
    ],
)
def test_without_the_permission_there_is_no_button_and_a_403(
    signed_in: Callable[..., Client],
    registered: RedisServer,
    granted: tuple[str, ...],
    actions: tuple[str, ...],
) -> None:
    client = signed_in(*granted)
    page = read(client)
    for action in actions:
        assert f'href="{PAGE}{action}"' not in page
        assert client.get(f"{PAGE}{action}").status_code == 403
        assert client.post(f"{PAGE}{action}", {"count": "1"}).status_code == 403
    assert (Drained.objects.count(), paused("receipt")) == (0, None)


def test_a_form_from_elsewhere_does_nothing(operator: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    assert strict.post(f"{PAGE}queues/receipt/pause/").status_code == 403
    assert paused("receipt") is None


@pytest.mark.parametrize(
    "action",
    [
        "instances/nobody/drain/", "apps/nothing/scale/", "queues/default/pause/",
        "letters/nothing/00000000-0000-4000-8000-000000000000/retry/",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_found(operator: Client, action: str) -> None:
    assert operator.get(f"{PAGE}{action}").status_code == 404


def test_the_group_for_queues_has_the_page(database: None) -> None:
    from django.contrib.auth.models import Group

    names = Group.objects.get(name="Events and queues").permissions.values_list(
        "codename", flat=True
    )
    assert {"view_control", "control_instances", "control_queues"} <= set(names)
