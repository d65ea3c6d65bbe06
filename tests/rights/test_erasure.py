"""Who is erased is nowhere any more, but on the documents that the law keeps."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from apps.invoice.models import Document
from apps.payment.models import Cart, LedgerEntry, Order
from apps.receipt.models import Receipt
from extract.audit import audit
from extract.call import NotSent, bound
from extract.data import owned
from extract.event.envelope import Envelope
from extract.event.inbox import receive
from extract.event.letters import discard, letters
from extract.event.models import InboxEvent, OutboxEvent
from shop.accounts.models import User
from shop.mails import store
from shop.rights import erasure
from shop.rights.export import export
from shop.rights.models import Request
from tests.apps.payment.buying import filled_cart, operator, pay, put_item, refund
from tests.rights.scene import PASSWORD, Away, Customer, erased, found, go_on, open_shop, settle

pytestmark = pytest.mark.usefixtures("database")

KEPT_BY_LAW = frozenset({"invoice_document"})


@pytest.fixture
def ada() -> Customer:
    open_shop()
    return Customer("Zenobia", "Quillfeather")


def assert_gone(customer: Customer) -> None:
    places = {trace: found(trace, but=KEPT_BY_LAW) for trace in customer.traces}
    assert not any(places.values()), places
    assert audit(delays=(0, 0)) == ()
    assert not store.kept_to(customer.email)


def test_nothing_of_them_is_left(binding: str, ada: Customer) -> None:
    bo = Customer("Thorvald", "Mixwright")
    ada.has_a_history()
    bo.has_a_history()
    changed_in_the_back_office(ada)
    before = {trace: found(trace) for trace in bo.traces}
    mails = len(store.kept_to(bo.email))
    assert all(found(trace) for trace in ada.traces)
    booked = list(LedgerEntry.objects.values())
    receipts = Receipt.objects.count()
    erased(ada)
    assert_gone(ada)
    assert {trace: found(trace) for trace in bo.traces} == before
    assert len(store.kept_to(bo.email)) == mails
    assert list(LedgerEntry.objects.values()) == booked
    assert Receipt.objects.count() == receipts
    sign_in = {"username": ada.email, "password": PASSWORD}
    assert Client().post("/accounts/login/", sign_in).status_code == 200
    assert ada.client.get("/accounts/profile/").status_code == 302


def changed_in_the_back_office(customer: Customer) -> None:
    staff = User.objects.create_user("staff@shop.example", is_staff=True)
    LogEntry.objects.create(
        user=staff,
        content_type=ContentType.objects.get_for_model(User),
        object_id=customer.user.pk,
        object_repr=str(customer.user),
        action_flag=CHANGE,
    )


def test_documents_are_kept_for_the_operators_alone(ada: Customer) -> None:
    order = ada.buys()
    settle()
    said = list(Document.objects.values("number", "buyer_name", "buyer_email", "total"))
    erased(ada)
    assert list(Document.objects.values("number", "buyer_name", "buyer_email", "total")) == said
    path = f"/api/invoices/{order['invoice']}/"
    assert Client().get(f"{path}?access={order['access']}").status_code == 404
    assert ada.client.get(path).status_code == 401 or ada.client.get(path).status_code == 404
    assert operator().get(path).status_code == 200


def test_an_order_under_way_is_waited_for(ada: Customer) -> None:
    with bound(Away(), "invoice"):
        order = ada.buys()
        erased(ada)
    (request,) = Request.objects.all()
    assert request.state == Request.State.UNDER_WAY
    assert request.last_error == "An order is still under way."
    assert "is being erased" in ada.client.get("/accounts/data/").content.decode()
    assert Order.objects.get(pk=order["order"]).name == "Zenobia Quillfeather"
    go_on(request)
    assert Document.objects.get().buyer_name == "Zenobia Quillfeather"
    assert store.kept() == []  # the receipt was mailed, and is gone
    assert Receipt.objects.get().status == Receipt.Status.SENT
    assert_gone(ada)


def test_a_refund_under_way_is_waited_for(ada: Customer) -> None:
    order = ada.buys()["order"]
    settle()
    with bound(Away(), "invoice"):
        assert refund(operator(), order).json()["credit_note"] is None
        erased(ada)
    (request,) = Request.objects.all()
    assert request.last_error == "A refund is still under way."
    go_on(request)
    assert Receipt.objects.get(kind="refund").status == Receipt.Status.SENT
    assert Document.objects.filter(buyer_name="Zenobia Quillfeather").count() == 2
    assert_gone(ada)


def test_what_is_still_on_its_way_is_waited_for(ada: Customer) -> None:
    """News with the name is in the outbox, and not delivered."""
    ada.buys()
    erasure.ask(ada.user)
    (request,) = Request.objects.all()
    assert request.last_error == "News of an order is still being delivered."
    assert found("Quillfeather") >= {"payment extract_outboxevent.payload"}
    go_on(request)
    assert_gone(ada)


def test_receipts_that_went_elsewhere_are_gone_too(ada: Customer) -> None:
    ada.buys(email="gift@elsewhere.example")
    settle()
    assert store.kept_to("gift@elsewhere.example")
    erased(ada)
    assert not store.kept()
    assert_gone(ada)
    assert not found("elsewhere", but=KEPT_BY_LAW)


def test_an_event_that_comes_once_more_brings_nothing_back(ada: Customer) -> None:
    ada.buys()
    settle()
    envelopes = [Envelope.of(row) for row in OutboxEvent.objects.using("payment")]
    assert any("Quillfeather" in envelope.payload for envelope in envelopes)
    erased(ada)
    for envelope in envelopes:
        assert not receive("receipt", envelope, again=True)
    settle()
    assert_gone(ada)


def test_a_dead_letter_is_waited_for_until_somebody_decides(ada: Customer) -> None:
    order = ada.buys()
    settle()
    with owned("receipt"):
        rows = InboxEvent.objects.using("receipt").filter(aggregate=order["order"])
        rows.update(state=InboxEvent.State.DEAD)
    erased(ada)
    (request,) = Request.objects.all()
    assert request.last_error == "payment.OrderPaid is a dead letter (receipt)."
    discard("receipt", [letter.event_id for letter in letters()], by="olga")
    go_on(request)
    assert_gone(ada)


def test_nothing_is_bought_with_an_account_that_ends(ada: Customer) -> None:
    guest, cart = Client(), filled_cart(ada.client)
    with bound(Away(), "invoice"):
        ada.buys()
        erasure.ask(ada.user)
    assert put_item(ada.client, cart, "LAMP", 3).json()["type"] == "/problems/account-ending"
    refused = pay(ada.client, cart, **ada.said)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/account-ending")
    page = ada.client.post("/cart/add/", {"sku": "LAMP", "quantity": "1"}, follow=True)
    assert "This account is being erased" in page.content.decode()
    kept_cart(guest, ada)
    go_on(Request.objects.get())
    assert_gone(ada)


def kept_cart(guest: Client, customer: Customer) -> None:
    """What a guest had in the cart stays a guest's when they sign in."""
    guest.post("/cart/add/", {"sku": "LAMP", "quantity": "1"})
    guest.post("/accounts/login/", {"username": customer.email, "password": PASSWORD})
    guest.get("/cart/")
    assert Cart.objects.order_by("-created_at")[0].subject == ""


def test_an_erased_customers_order_can_be_paid_back(ada: Customer) -> None:
    order = ada.buys()
    settle()
    erased(ada)
    answer = refund(operator(), order["order"])
    assert answer.status_code == 201
    settle()
    assert Document.objects.filter(buyer_email=ada.email).count() == 2
    assert Receipt.objects.get(kind="refund").status == Receipt.Status.SUPPRESSED
    assert_gone(ada)


def test_an_address_that_is_not_proved_gives_no_guests_order_away(ada: Customer) -> None:
    User.objects.filter(pk=ada.user.pk).update(proved_email="")
    order = ada.buys(Client())
    settle()
    ada.user.refresh_from_db()
    erased(ada)
    assert Order.objects.get(pk=order["order"]).email == ada.email
    assert store.kept_to(ada.email)


def test_asked_twice_it_is_one_request(ada: Customer) -> None:
    with bound(Away(), "invoice"):
        ada.buys()
    first, second = erasure.ask(ada.user), erasure.ask(ada.user)
    assert first.pk == second.pk
    assert Request.objects.count() == 1


def test_pressed_twice_at_once_it_is_one_request(
    ada: Customer, together: Callable[..., list[Any]]
) -> None:
    answers = together(lambda _: erasure.ask(ada.user).pk, 4)
    assert len({str(answer) for answer in answers}) == 1, answers
    assert not User.objects.exists()


def test_what_is_ordered_in_the_same_moment_is_erased_too_or_refused(
    ada: Customer, together: Callable[..., list[Any]]
) -> None:
    clients = [ada.signed_in() for _ in range(8)]
    carts = [filled_cart(client, LAMP=1) for client in clients]

    def order_or_leave(number: int) -> Any:
        if number == len(clients) // 2:
            return erasure.ask(ada.user)
        return pay(clients[number], carts[number], **ada.said).status_code

    answers = together(order_or_leave, len(clients))
    (_,) = (answer for answer in answers if isinstance(answer, Request))
    statuses = {answer for answer in answers if not isinstance(answer, Request)}
    assert statuses <= {201, 404, 409, 422}, answers  # of a cart that went: not found, or empty
    go_on(Request.objects.get())
    assert_gone(ada)


def test_who_only_wants_the_data_is_not_erased(
    ada: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever became of the export, and while it is made."""
    monkeypatch.setattr("shop.rights.export.own.tables", lambda user: erasure.advance_due() or ())
    export(ada.user).close()
    with bound(Away(), "receipt"), pytest.raises(NotSent):
        export(ada.user)
    Request.objects.create(kind=Request.Kind.EXPORT, subject=ada.user.subject)
    erasure.try_again(list(Request.objects.all()))
    assert erasure.advance_due() == 0
    assert User.objects.get().email == ada.email


def test_an_export_that_outlasts_the_account_does_not_name_it(
    ada: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shop.rights.export.own.tables", lambda user: erased(ada) or ())
    export(ada.user).close()
    assert Request.objects.filter(state=Request.State.DONE).count() == 2
    assert_gone(ada)


def test_staff_are_ended_by_an_administrator() -> None:
    staff = User.objects.create_user("staff@shop.example", is_staff=True)
    with pytest.raises(erasure.StaffAccount):
        erasure.ask(staff)
    assert not Request.objects.exists()


def test_an_account_without_a_history_is_gone_at_once(ada: Customer) -> None:
    request = erasure.ask(ada.user)
    assert request.state == Request.State.DONE
    assert request.subject is None
    assert not User.objects.exists()
    assert_gone(ada)


def test_apps_that_are_away_are_waited_for(ada: Customer) -> None:
    ada.buys()
    settle()
    for app in ("payment", "receipt", "product"):
        with bound(Away(), app):
            request = erasure.ask(ada.user)
            go_on(request)
        assert request.state == Request.State.UNDER_WAY
        assert request.last_error
    go_on(request)
    assert_gone(ada)


def test_a_customer_with_many_orders(ada: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one call takes."""
    monkeypatch.setattr("extract.subject.rows.AT_ONCE", 2)
    for _ in range(5):
        ada.buys()
    settle()
    erased(ada)
    assert_gone(ada)
    assert sum(Order.objects.values_list("total", flat=True)) > Decimal(0)
