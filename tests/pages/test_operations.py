"""The layer's tables in the back office: every app's rows, found and read, not edited."""

from __future__ import annotations

import datetime
import uuid

import pytest
from django.test import Client

from extract.data import owned
from extract.event.models import OutboxEvent
from shop.accounts.models import User
from shop.operations.models import PROXIES

pytestmark = pytest.mark.usefixtures("database")
NOW = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_user("op@example.com", "x", is_staff=True))
    return client


def outbox(app: str, **fields: object) -> OutboxEvent:
    values = {
        "type": "payment.OrderPaid",
        "version": 1,
        "aggregate": str(uuid.uuid4()),
        "sequence": 1,
        "occurred_at": NOW,
        "correlation_id": "request-7",
        "payload": "{}",
        "subscriber": "receipt",
    }
    with owned(app):
        return OutboxEvent.objects.using(app).create(**(values | fields))


@pytest.mark.parametrize("proxy", PROXIES.values(), ids=lambda proxy: proxy.__name__)
def test_every_table_opens(operator: Client, proxy: type) -> None:
    base = f"/admin/operations/{proxy._meta.model_name}/"
    assert operator.get(base).status_code == 200
    assert operator.get(f"{base}?q=nothing").status_code == 200
    assert operator.get(f"{base}add/").status_code == 403


def test_rows_are_found_in_their_own_app_only(operator: Client) -> None:
    row = outbox("payment")
    found = operator.get("/admin/operations/paymentoutboxevent/?q=request-7").content.decode()
    assert row.aggregate in found
    other = operator.get("/admin/operations/invoiceoutboxevent/?q=request-7").content.decode()
    assert row.aggregate not in other


def test_rows_are_filtered_by_state_and_type(operator: Client) -> None:
    waiting = outbox("payment")
    done = outbox("payment", state="done", type="payment.OrderRefunded")
    for query in ("state__exact=done", "type=payment.OrderRefunded"):
        page = operator.get(f"/admin/operations/paymentoutboxevent/?{query}").content.decode()
        assert done.aggregate in page
        assert waiting.aggregate not in page


def test_a_row_is_read_and_cannot_be_written(operator: Client) -> None:
    row = outbox("payment")
    path = f"/admin/operations/paymentoutboxevent/{row.pk}/change/"
    page = operator.get(path)
    assert page.status_code == 200
    assert row.aggregate in page.content.decode()
    assert operator.post(path, {"state": "done"}).status_code == 403
    assert operator.post(path.replace("change", "delete"), {"post": "yes"}).status_code == 403
    row.refresh_from_db(using="payment")
    assert row.state == "waiting"


def test_customers_do_not_get_in(client: Client) -> None:
    client.force_login(User.objects.create_user("ada@example.com", "x"))
    assert client.get("/admin/operations/paymentoutboxevent/").status_code == 302


def test_operators_do_not_manage_accounts(operator: Client) -> None:
    assert operator.get("/admin/accounts/user/").status_code == 403


def test_superusers_find_people(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root@example.com", "x"))
    ada = User.objects.create_user("ada@example.com", "x")
    for query in ("ada@", str(ada.subject)):
        page = client.get(f"/admin/accounts/user/?q={query}").content.decode()
        assert f"/admin/accounts/user/{ada.pk}/change/" in page
    assert client.get("/admin/accounts/user/add/").status_code == 200
    assert client.get(f"/admin/accounts/user/{ada.pk}/change/").status_code == 200


def test_the_sidebar_leads_to_what_the_reader_may_see(client: Client, operator: Client) -> None:
    page = operator.get("/admin/product/category/").content.decode()
    assert 'href="/admin/operations/"' in page
    assert "outboxevent" not in page
    assert 'href="/admin/accounts/user/"' not in page
    client.force_login(User.objects.create_superuser("root@example.com", "x"))
    assert 'href="/admin/accounts/user/"' in client.get("/admin/product/category/").content.decode()
