"""The control page as Django's client reads it, for one process and for many."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from extract.control.world import forget, world
from extract.data import owned
from extract.event.models import InboxEvent
from extract.observe import history
from extract.registry import Kind, RedisRegistry, Signed
from extract.trust import RoleKeys
from shop.accounts.models import User
from tests.redis_server import RedisServer
from tests.registry.scene import instance

pytestmark = pytest.mark.usefixtures("database")
PAGE, STATE = "/admin/extract/", "/admin/extract/state.json"


@pytest.fixture
def long_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look holds for longer than any test takes."""
    monkeypatch.setattr(world, "_seconds", 60.0)


def row(page: str, id: str) -> str:
    """The words in the row of that id."""
    found = re.search(rf'<tr id="{id}">(.*?)</tr>', page, re.DOTALL)
    assert found, f"there is no row {id}"
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def read(client: Client, url: str = PAGE) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def letter(app: str = "receipt", **fields: Any) -> InboxEvent:
    values: dict[str, Any] = {
        "consumer": app, "type": "payment.OrderPaid", "version": 1, "state": "dead",
        "aggregate": str(uuid.uuid4()), "sequence": 1, "occurred_at": timezone.now(),
        "correlation_id": "request-7", "payload": "{}", "attempts": 12,
        "last_error": "Broken: no ink", "done_at": timezone.now(),
    }  # fmt: skip
    with owned(app):
        return InboxEvent.objects.using(app).create(**(values | fields))


def test_one_process_serves_every_app(operator: Client) -> None:
    page = read(operator)
    assert "1 of 1 instance up" in page
    assert "serves every app" in page
    for app in ("product", "payment", "invoice", "receipt"):
        assert "at home" in row(page, f"app-{app}")
        assert "this process" in row(page, f"queue-{app}")
    assert " MB" in page[page.index("<h2>Instances") :]


def test_instances_come_with_what_they_say_of_themselves(
    operator: Client, redis: RedisServer, settings: Any
) -> None:
    settings.REDIS_URL = redis.url
    registry = RedisRegistry(redis.url)
    for id, role, kind in (("one", "payment", Kind.SERVER), ("two", "receipt", Kind.WORKER)):
        keys = RoleKeys(role, settings.EXTRACT_ROLE_SECRETS[role])
        registry.announce(id, Signed.of(instance(id, role, kind=kind), keys))
    registry.close()
    page = read(operator)
    # Nobody listens there: that is how those look who were killed.
    assert "payment/one has left" in page
    assert 'id="instance-one"' not in page
    assert "receipt/two has left" in page


def test_the_registry_is_away(operator: Client, redis: RedisServer, settings: Any) -> None:
    settings.REDIS_URL = redis.url
    redis.stop()
    page = read(operator)
    assert "The registry does not answer" in page
    assert "The figures cannot be had" in page
    assert "unknown" in row(page, "app-payment")
    assert row(page, "queue-receipt").startswith("receipt 0")


def test_figures_are_those_of_the_window(operator: Client, hop: Callable[..., None]) -> None:
    for _ in range(6):
        hop("GET product:list", "server", app="product", method="GET")
    hop("product.reserve", "client", app="product", call="product.reserve", fault=True)
    history.flush(everything=True)
    for window in ("minute", "hour", "day"):
        page = read(operator, f"{PAGE}?window={window}")
        assert re.search(r"at home \d", row(page, "app-product"))
        assert "1 (100%)" in row(page, "call-home-product")


def test_what_does_not_change_is_not_sent_again(operator: Client, long_looks: None) -> None:
    first = operator.get(STATE)
    assert "<h2>Instances" in json.loads(first.content)["html"]
    again = operator.get(STATE, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert 0 < int(again["X-Look-Again"]) <= 60_100
    letter()
    forget()
    changed = operator.get(STATE, headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200


def test_however_many_look_it_is_looked_once(
    operator: Client, long_looks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    make = world._make
    monkeypatch.setattr(world, "_make", lambda: (looks.append(1), make())[1])
    for _ in range(5):
        operator.get(STATE)
    assert len(looks) == 1


def test_dead_letters_and_errors_lead_to_their_traces(
    operator: Client, hop: Callable[..., None]
) -> None:
    dead = letter()
    hop("POST payment:checkout", "server", app="payment", fault=True, correlation_id="request-8")
    history.flush()
    page = read(operator)
    assert "Dead letters of receipt: 1." in page
    assert "Broken: no ink" in page
    assert f'href="trace/?id=request-7">{dead.aggregate}' in page
    assert 'href="trace/?id=request-8">POST payment:checkout' in page
    assert "ValueError" in page
    assert "of a secret" not in page


def test_staff_without_the_permission_and_strangers_do_not_get_in(
    signed_in: Callable[..., Client], client: Client
) -> None:
    outsider = signed_in()
    for url in (PAGE, STATE):
        assert outsider.get(url).status_code == 403
        assert client.get(url).status_code == 302
    client.force_login(User.objects.create_user("ada@example.com", "x"))
    assert client.get(PAGE).status_code == 302


def test_the_back_office_leads_there_whom_it_lets_in(signed_in: Callable[..., Client]) -> None:
    assert f'href="{PAGE}"' in read(signed_in("view_control"), "/admin/")
    assert f'href="{PAGE}"' not in read(signed_in(), "/admin/")
