"""What somebody has in hand leads to the ids under which lines tell of it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import OperationalError

from apps.invoice.models import Document
from apps.payment.models import Order, Refund
from extract.data import owned
from extract.observe.traces import find
from extract.observe.traces.source import Line
from shop.accounts.models import User
from tests.planting import open_shop

pytestmark = pytest.mark.usefixtures("database")


class Asked:
    """A source without lines, which keeps what it was asked for."""

    name = "memory"

    def naming(self, texts: Collection[str]) -> set[str]:
        self.texts = list(texts)
        return set()

    def lines(self, correlation_ids: Collection[str]) -> list[Line]:
        return []


def asked_for(text: str) -> set[str]:
    source = Asked()
    find(text, where=source)
    return set(source.texts)


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return open_shop(tmp_path)


def test_a_documents_number_leads_to_its_order_and_refund(order: Order) -> None:
    invoice = Document.objects.get(kind=Document.Kind.INVOICE, order=order.pk)
    assert asked_for(invoice.number) == {invoice.number, str(order.pk)}
    note = Document.objects.get(kind=Document.Kind.CREDIT_NOTE, order=order.pk)
    assert asked_for(note.number.lower()) == {
        note.number.lower(), str(order.pk), str(note.reference)
    }  # fmt: skip


def test_an_order_leads_to_its_refunds(order: Order) -> None:
    refund = Refund.objects.get(order=order)
    assert asked_for(str(order.pk)) == {str(order.pk), str(refund.pk)}
    assert asked_for(str(uuid4())) != set()


def test_an_address_leads_to_the_customer_and_to_a_guests_orders(order: Order) -> None:
    user = User.objects.create_user("ada@example.com", "correct-horse-9")
    assert asked_for("ADA@example.com") == {"ADA@example.com", str(user.subject)}
    with owned("payment"):
        Order.objects.filter(pk=order.pk).update(subject="", email="bo@example.com")
    assert asked_for("Bo@Example.com") == {"Bo@Example.com", str(order.pk)}


def test_a_database_that_is_away_keeps_nobody_from_looking(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("no connection")

    monkeypatch.setattr(Document.objects, "filter", away)
    assert asked_for(str(order.pk)) >= {str(order.pk)}
