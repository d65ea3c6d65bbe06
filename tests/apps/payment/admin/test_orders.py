"""Orders in the back office: found, read, refunded after a question."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from apps.payment.models import Charge, LedgerEntry, Order, Refund, VatRate
from extract.event.background import drain
from extract.text import short_id
from tests.apps.payment.buying import operator, paid_order, signed_in, stocked

pytestmark = pytest.mark.usefixtures("database")
ORDERS = "/admin/payment/order/"


def refund_page(order: str) -> str:
    return f"{ORDERS}{order}/refund/"


def key_of(page: Any) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page.content.decode())
    assert found, page.content.decode()
    return found[1]


def refund(staff: Client, order: str, form: dict[str, str]) -> Any:
    """Ask for it, then confirm it on the page that asks once more; the order's page."""
    asked = staff.post(refund_page(order), form).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(key|pieces)" value="([^"]+)"', asked))
    assert len(hidden) == 2, asked
    return staff.post(refund_page(order), hidden, follow=True)


def line_field(order: str, sku: str = "LAMP") -> str:
    return f"line_{Order.objects.get(pk=order).lines.get(sku=sku).pk}"


@pytest.mark.parametrize(
    "search", ["ada@example.com", "lovelace", "ID", "INVOICE", "8CHARS", "NUMBER"]
)
def test_an_order_is_found(search: str) -> None:
    stocked("LAMP")
    order = paid_order(Client())
    number = short_id(uuid.UUID(order["order"]))
    known = {
        "ID": order["order"], "INVOICE": order["invoice"], "8CHARS": order["order"][:8],
        "NUMBER": number.lower(),
    }  # fmt: skip
    staff = operator()
    assert order["order"] in staff.get(ORDERS, {"q": known.get(search, search)}).content.decode()
    assert order["order"] not in staff.get(ORDERS, {"q": "nobody-at-all"}).content.decode()


def test_what_belongs_to_an_order_is_found_by_its_number() -> None:
    stocked("LAMP")
    order = paid_order(Client())
    drain()
    number, staff = short_id(uuid.UUID(order["order"])), operator()
    for rows in ("invoice/document", "receipt/receipt"):
        found = staff.get(f"/admin/{rows}/", {"q": number}).content.decode()
        assert order["invoice"] in found, rows
        assert number in staff.get(ORDERS).content.decode()


@pytest.mark.parametrize(
    ("fits", "does_not"),
    [("status__exact=paid", "status__exact=cancelled"), ("country=GB", "country=FR")],
)
def test_orders_are_filtered(fits: str, does_not: str) -> None:
    stocked("LAMP")
    order, staff = paid_order(Client())["order"], operator()
    assert order in staff.get(f"{ORDERS}?{fits}").content.decode()
    assert order not in staff.get(f"{ORDERS}?{does_not}").content.decode()


def test_an_orders_page_shows_all_and_changes_nothing() -> None:
    stocked("LAMP")
    order, staff = paid_order(Client(), LAMP=2), operator()
    page = staff.get(f"{ORDERS}{order['order']}/change/").content.decode()
    assert "The lamp" in page
    assert "captured" in page
    assert refund_page(order["order"]) in page
    changed = staff.post(f"{ORDERS}{order['order']}/change/", {"name": "Eve"})
    assert changed.status_code == 403
    assert staff.post(f"{ORDERS}{order['order']}/delete/", {"post": "yes"}).status_code == 403
    assert Order.objects.get().name == "Ada Lovelace"


def test_refunding_asks_first_which_pieces_and_then_once_more() -> None:
    stocked("LAMP", price="10.00")
    order, staff = paid_order(Client(), LAMP=3)["order"], operator()
    assert staff.get(refund_page(order)).status_code == 200
    form = {"key": str(uuid.uuid4()), line_field(order): "2"}
    asked = staff.post(refund_page(order), form).content.decode()
    for said in ("£24.00", "2 × The lamp", "cannot be undone", "Yes, refund"):
        assert said in asked
    assert not Refund.objects.exists()


def test_the_history_says_who_refunded_what() -> None:
    stocked("LAMP", price="10.00")
    order, staff = paid_order(Client(), LAMP=3)["order"], operator()
    page = refund(staff, order, {"key": str(uuid.uuid4()), line_field(order): "1"})
    assert Refund.objects.get().requested_by not in page.content.decode()
    history = staff.get(f"{ORDERS}{order}/history/").content.decode()
    assert "Refunded 12.00 GBP" in history
    assert "operator@example.com" in history


def test_all_that_is_left_is_refunded_once_by_a_double_click() -> None:
    stocked("LAMP")
    order, staff = paid_order(Client(), LAMP=2)["order"], operator()
    form = {"key": key_of(staff.get(refund_page(order))), "whole": "1"}
    asked = staff.post(refund_page(order), form).context["form"].to_confirm().data
    for _ in range(2):
        page = staff.post(refund_page(order), asked, follow=True).content.decode()
        assert f"credit note {Refund.objects.get().credit_note}" in page
    assert Order.objects.get().status == Order.Status.REFUNDED


def test_pieces_are_refunded() -> None:
    stocked("LAMP", price="10.00")
    order, staff = paid_order(Client(), LAMP=3)["order"], operator()
    form = {"key": key_of(staff.get(refund_page(order))), line_field(order): "2"}
    page = refund(staff, order, form).content.decode()
    assert "Refunded 24.00 GBP" in page
    assert Order.objects.get().status == Order.Status.PARTLY_REFUNDED


@pytest.mark.parametrize("quantity", ["4", "-1", "1.5", "x", "0", ""])
def test_pieces_that_are_not_there_are_not_refunded(quantity: str) -> None:
    stocked("LAMP")
    order, staff = paid_order(Client(), LAMP=3)["order"], operator()
    form = {"key": str(uuid.uuid4()), line_field(order): quantity}
    assert staff.post(refund_page(order), form).status_code == 200
    assert not Refund.objects.exists()


def test_a_refusal_is_told() -> None:
    stocked("LAMP")
    order, staff = paid_order(Client())["order"], operator()
    refund(staff, order, {"key": str(uuid.uuid4()), "whole": "1"})
    whole = {"key": str(uuid.uuid4()), "pieces": f"{Order.objects.get().lines.first().pk}:1"}
    page = staff.post(refund_page(order), whole, follow=True).content.decode()
    assert "Only 0 of line" in page
    nothing = {"key": str(uuid.uuid4()), "whole": "1"}
    assert "Say how many pieces" in staff.post(refund_page(order), nothing).content.decode()


def test_the_action_asks_and_then_refunds_each_order_once() -> None:
    stocked("LAMP")
    orders, staff = [paid_order(Client())["order"] for _ in range(2)], operator()
    chosen = {"action": "refund_whole", "_selected_action": orders}
    asked = staff.post(ORDERS, chosen).content.decode()
    assert "cannot be undone" in asked
    assert not Refund.objects.exists()
    found = re.search(r'name="confirmation" value="([^"]+)"', asked)
    assert found
    for _ in range(2):
        staff.post(ORDERS, {**chosen, "confirmation": found[1]}, follow=True)
    assert Refund.objects.filter(status=Refund.Status.DONE).count() == 2


def test_customers_and_strangers_are_kept_out() -> None:
    stocked("LAMP")
    order = paid_order(Client())["order"]
    for outsider in (signed_in(), Client()):
        answer = outsider.post(refund_page(order), {"key": str(uuid.uuid4()), "whole": "1"})
        assert answer.status_code in (302, 403)
    assert not Refund.objects.exists()


@pytest.mark.parametrize("order", ["6f1c7a52-8d0e-4b3a-9c41-2e5d7f90ab13", "nonsense"])
def test_an_unknown_order_has_no_refund_page(order: str) -> None:
    assert operator().get(refund_page(order)).status_code == 404


@pytest.mark.parametrize(
    "model",
    [
        "cart",
        "charge",
        "refund",
        "ledgerentry",
        "sandboxcharge",
        "sandboxrefund",
        "replayedline",
        "vatrate",
    ],
)
def test_every_model_is_findable(model: str) -> None:
    stocked("LAMP")
    order, staff = paid_order(Client())["order"], operator()
    refund(staff, order, {"key": str(uuid.uuid4()), "whole": "1"})
    for query in ("", "?q=GB", f"?q={order}", "?q=nonsense"):
        assert staff.get(f"/admin/payment/{model}/{query}").status_code == 200
    can_add = staff.get(f"/admin/payment/{model}/add/").status_code == 200
    assert can_add == (model == "vatrate")


@pytest.mark.parametrize("model", [Charge, Refund, LedgerEntry])
def test_a_row_of_the_books_opens(model: Any) -> None:
    stocked("LAMP")
    order, staff = paid_order(Client())["order"], operator()
    refund(staff, order, {"key": str(uuid.uuid4()), "whole": "1"})
    path = f"/admin/payment/{model._meta.model_name}/{model.objects.first().pk}/change/"
    assert staff.get(path).status_code == 200
    assert staff.post(path, {}).status_code == 403


def test_a_vat_rate_is_edited() -> None:
    rate, staff = VatRate.objects.get(country="FR", tax_class="reduced"), operator()
    before = rate.percent
    path = f"/admin/payment/vatrate/{rate.pk}/change/"
    form = {"country": "FR", "tax_class": "reduced"}
    staff.post(path, {**form, "percent": "101"})
    rate.refresh_from_db()
    assert rate.percent == before
    try:
        assert staff.post(path, {**form, "percent": "6.00"}).status_code == 302
        rate.refresh_from_db()
        assert rate.percent == 6
    finally:
        staff.post(path, {**form, "percent": str(before)})
