"""The page of queues: for operators, right without scripts, and a way to the dead letters."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from extract.data import owned
from extract.event.models import InboxEvent
from extract.registry import Kind, RedisRegistry, Signed
from extract.trust import RoleKeys
from shop.accounts.models import User
from tests.redis_server import RedisServer
from tests.registry.scene import instance

pytestmark = pytest.mark.usefixtures("database")
PAGE = "/admin/operations/queues/"


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_user("op@example.com", "x", is_staff=True))
    return client


@pytest.fixture
def register(redis: RedisServer, settings: Any) -> Callable[..., None]:
    """A worker of the role, with the role's own key."""
    settings.REDIS_URL = redis.url

    def register(id: str, role: str) -> None:
        worker = instance(id, role, kind=Kind.WORKER)
        registry = RedisRegistry(redis.url)
        keys = RoleKeys(role, settings.EXTRACT_ROLE_SECRETS[role])
        registry.announce(id, Signed.of(worker, keys))
        registry.close()

    return register


def arrived(app: str, *, minutes: float = 0, **fields: Any) -> InboxEvent:
    with owned(app):
        return InboxEvent.objects.using(app).create(
            consumer=app, type="payment.OrderPaid", version=1, aggregate=str(uuid.uuid4()),
            sequence=1, occurred_at=timezone.now() - timedelta(minutes=minutes),
            correlation_id="request-7", payload="{}", **fields,
        )  # fmt: skip


def row(page: str, app: str) -> list[str]:
    """The texts of the app's cells."""
    found = re.search(rf'<tr [^>]*id="{app}">(.*?)</tr>', page, re.DOTALL)
    assert found, f"{app} has no row"
    cells = re.findall(r"<t[hd].*?</t[hd]>", found[1], re.DOTALL)
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in cells]


def test_each_app_has_its_figures(operator: Client) -> None:
    arrived("receipt", minutes=10)
    arrived("receipt")
    arrived("receipt", state="done", done_at=timezone.now())
    page = operator.get(PAGE).content.decode()
    assert row(page, "receipt") == [
        "Receipt",
        "2",
        "10 min",
        "0.0",
        "–",
        "0",
    ]
    for app in ("product", "payment", "invoice"):
        assert row(page, app)[1:3] == ["0", "–"]


def test_the_count_of_dead_letters_leads_to_them(operator: Client) -> None:
    dead, waiting = arrived("receipt", state="dead"), arrived("receipt")
    page = operator.get(PAGE).content.decode()
    link = re.search(r'href="([^"]+)" aria-label="1 dead letter of receipt">1<', page)
    assert link
    listed = operator.get(link[1]).content.decode()
    assert dead.aggregate in listed
    assert waiting.aggregate not in listed


def test_it_refreshes_itself_until_told_to_stop(operator: Client) -> None:
    assert 'data-looks-again="5"' in operator.get(PAGE).content.decode()
    page = operator.get(f"{PAGE}?refresh=off").content.decode()
    assert "data-looks-again" not in page
    assert 'href="?"' in page


def test_tables_are_named_and_their_headers_have_a_scope(operator: Client) -> None:
    page = operator.get(PAGE).content.decode()
    table = page[page.index("<table") : page.index("</table>")]
    assert "<caption" in table
    assert re.findall(r"<th(?! scope)\b", table.replace("<thead", "")) == []


def test_workers_are_told_where_there_is_a_registry(
    operator: Client, register: Callable[..., None], settings: Any
) -> None:
    settings.EXTRACT_COME_HOME = ("invoice",)
    register("one", "receipt")
    register("two", "receipt")
    register("three", "home")
    page = operator.get(PAGE).content.decode()
    assert row(page, "receipt")[-1] == "2 of its own"
    assert row(page, "invoice")[-1] == "1 of home"
    assert row(page, "product")[-1] == "none"
    for name in ("receipt/one", "receipt/two", "home/three"):
        assert name in page


def test_the_registry_is_away(operator: Client, redis: RedisServer, settings: Any) -> None:
    settings.REDIS_URL = redis.url
    redis.stop()
    page = operator.get(PAGE).content.decode()
    assert "The registry does not answer" in page
    assert row(page, "receipt")[1] == "0"


@pytest.mark.sqlite
def test_a_database_that_is_away_is_said_so(
    operator: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections["receipt"].close()
    with monkeypatch.context() as gone:
        gone.setitem(connections["receipt"].settings_dict, "NAME", tmp_path / "gone" / "file")
        page = operator.get(PAGE).content.decode()
    assert row(page, "receipt") == ["Receipt", "Its database does not answer."]


def test_the_sidebar_leads_there(operator: Client) -> None:
    assert f'href="{PAGE}"' in operator.get("/admin/").content.decode()


def test_customers_and_strangers_do_not_get_in(client: Client) -> None:
    assert client.get(PAGE).status_code == 302
    client.force_login(User.objects.create_user("ada@example.com", "x"))
    assert client.get(PAGE).status_code == 302
