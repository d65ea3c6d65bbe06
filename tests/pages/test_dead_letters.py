"""Dead letters in the back office: read, retried and discarded by those who may."""

from __future__ import annotations

import datetime
import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from extract.data import owned
from extract.event import letters
from extract.event.models import Beat, InboxEvent, Verdict
from shop.accounts.models import User

pytestmark = pytest.mark.usefixtures("database")
NOW = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
LIST = "/admin/operations/receiptinboxevent/"


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_user("olive@example.com", "x", is_staff=True))
    return client


def inbox(state: str = "dead", **fields: Any) -> InboxEvent:
    values = {
        "consumer": "receipt",
        "type": "payment.OrderPaid",
        "version": 1,
        "aggregate": str(uuid.uuid4()),
        "sequence": 1,
        "occurred_at": NOW,
        "correlation_id": "request-7",
        "payload": '{"order":"of a lamp"}',
        "state": state,
        "attempts": 12,
        "last_error": "Broken: no ink",
        "done_at": None if state == "waiting" else NOW,
    }
    with owned("receipt"):
        return InboxEvent.objects.using("receipt").create(**(values | fields))


def ask(client: Client, action: str, *rows: InboxEvent) -> str:
    """The page that asks whether it is meant."""
    chosen = {"_selected_action": [row.pk for row in rows], "action": action, "index": 0}
    return client.post(LIST, chosen, follow=True).content.decode()


def decide(client: Client, action: str, *rows: InboxEvent) -> str:
    """Confirm, and read the page that follows."""
    [key] = re.findall(r'name="confirmation" value="([^"]+)"', ask(client, action, *rows))
    chosen = {"_selected_action": [row.pk for row in rows], "action": action}
    return client.post(LIST, {**chosen, "confirmation": key}, follow=True).content.decode()


def states(*rows: InboxEvent) -> list[str]:
    for row in rows:
        row.refresh_from_db(using="receipt")
    return [row.state for row in rows]


def verdicts() -> list[Verdict]:
    return list(Verdict.objects.using("receipt").order_by("id"))


def test_one_is_retried_after_a_question(operator: Client) -> None:
    row, other = inbox(), inbox()
    page = ask(operator, "retry", row)
    assert "Have these dead letters tried again" in page
    assert str(row.event_id) in page
    assert states(row) == ["dead"]
    assert "Retried: 1." in decide(operator, "retry", row)
    assert states(row, other) == ["waiting", "dead"]
    assert (row.attempts, row.last_error, row.done_at) == (0, "Broken: no ink", None)
    (verdict,) = verdicts()
    assert (verdict.event_id, verdict.decision) == (row.event_id, "retried")
    assert verdict.by == "olive@example.com"


def test_many_are_discarded_at_once(operator: Client) -> None:
    rows = [inbox(aggregate=str(number)) for number in range(3)]
    assert "It cannot be undone" in ask(operator, "discard", *rows)
    assert "Discarded: 3." in decide(operator, "discard", *rows)
    assert states(*rows) == ["discarded"] * 3
    assert {(each.decision, each.by) for each in verdicts()} == {("discarded", "olive@example.com")}


@pytest.mark.parametrize("action", ["retry", "discard"])
def test_rows_that_are_not_dead_are_told_of_and_left_alone(operator: Client, action: str) -> None:
    rows = [inbox(state) for state in ("waiting", "done", "discarded")]
    dead = inbox()
    page = decide(operator, action, dead, *rows)
    assert "Left alone, since they are no dead letters (any more): 3." in page
    assert states(*rows) == ["waiting", "done", "discarded"]
    assert [each.event_id for each in verdicts()] == [dead.event_id]


def test_what_another_decided_meanwhile_stays_so(operator: Client) -> None:
    row = inbox()
    ask(operator, "retry", row)
    letters.discard("receipt", [row.event_id], by="max")
    page = decide(operator, "retry", row)
    assert "Retried" not in page
    assert "Left alone" in page
    assert states(row) == ["discarded"]
    assert [each.by for each in verdicts()] == ["max"]


def test_who_may_only_look_is_not_offered_a_decision_and_cannot_make_one(
    client: Client, settings: Any
) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    watcher = User.objects.create_user("wanda@example.com", "x", is_staff=True)
    watcher.user_permissions.add(Permission.objects.get(codename="view_receiptinboxevent"))
    client.force_login(watcher)
    row = inbox()
    page = client.get(LIST).content.decode()
    assert row.aggregate in page
    assert "Retry dead letters" not in page
    chosen = {"_selected_action": [row.pk], "confirmation": str(uuid.uuid4())}
    for action in ("retry", "discard"):
        client.post(LIST, {**chosen, "action": action, "index": 0})
    assert states(row) == ["dead"]
    watcher.user_permissions.add(Permission.objects.get(codename="change_receiptinboxevent"))
    assert "Retry dead letters" in client.get(LIST).content.decode()
    assert "Retried: 1." in decide(client, "retry", row)


def test_an_event_is_read_with_its_error_its_payload_and_its_request(operator: Client) -> None:
    row = inbox()
    page = operator.get(f"{LIST}{row.pk}/change/")
    assert page.status_code == 200
    for shown in ("Broken: no ink", "of a lamp", "request-7", row.aggregate, str(row.event_id)):
        assert shown in page.content.decode()
    assert operator.post(f"{LIST}{row.pk}/change/", {"state": "done"}).status_code == 403
    assert states(row) == ["dead"]


def test_dead_letters_are_found_by_their_state(operator: Client) -> None:
    dead, waiting = inbox(), inbox("waiting")
    page = operator.get(f"{LIST}?state__exact=dead").content.decode()
    assert dead.aggregate in page
    assert waiting.aggregate not in page


def test_verdicts_and_periodic_work_are_read_in_their_own_app(operator: Client) -> None:
    row = inbox()
    letters.discard("receipt", [row.event_id], by="max@example.com")
    with owned("receipt"):
        Beat.objects.using("receipt").create(name="polish", due_at=NOW)
    found = operator.get("/admin/operations/receiptverdict/?q=max").content.decode()
    assert row.aggregate in found
    assert "polish" in operator.get("/admin/operations/receiptbeat/").content.decode()
    for other in ("invoiceverdict", "invoicebeat"):
        page = operator.get(f"/admin/operations/{other}/").content.decode()
        assert row.aggregate not in page
        assert "polish" not in page
    (verdict,) = verdicts()
    path = f"/admin/operations/receiptverdict/{verdict.pk}/change/"
    assert operator.get(path).status_code == 200
    assert operator.post(path, {"by": "nobody"}).status_code == 403
    assert operator.post(path.replace("change", "delete"), {"post": "yes"}).status_code == 403
