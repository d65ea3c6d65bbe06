"""Each invariant of receipt holds, and finds a breach that is planted."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections

from apps.payment.contract import OrderPaid
from apps.receipt.models import Receipt, Resend
from extract.data import unguarded
from tests.apps.receipt.news import pay, receipt_for, resend
from tests.planting import change, rows_breaking

pytestmark = pytest.mark.usefixtures("database")

UNIQUE = "Message-IDs are unique."
TIMES = "A sent receipt says when it was sent, a suppressed one never was."
RESENDS = "A resend that was sent or failed says when, and no other does."


def test_they_hold() -> None:
    paid = pay()
    pay(silent=True)
    resend(paid, pay(email="no address"))
    resend(paid, deliver=False)
    assert set(Resend.objects.values_list("status", flat=True)) == {"asked", "sent", "failed"}
    assert rows_breaking(UNIQUE) == rows_breaking(TIMES) == rows_breaking(RESENDS) == []


@pytest.mark.parametrize("wrong", [{"sent_at": None}, {"times_sent": 0}, {"status": "lost"}])
def test_a_sent_one_without_its_time_is_found(wrong: dict[str, Any]) -> None:
    paid = pay()
    change(Receipt.objects.filter(pk=paid.order), **wrong)
    assert rows_breaking(TIMES)


@pytest.mark.parametrize(
    "wrong", [{"done_at": None}, {"done_at": None, "status": "failed"}, {"status": "asked"}]
)
def test_a_resend_without_its_end_is_found(wrong: dict[str, Any]) -> None:
    batch = resend(pay())
    change(Resend.objects.filter(batch=batch), **wrong)
    assert rows_breaking(RESENDS)


def test_a_suppressed_one_that_was_sent_is_found() -> None:
    paid = pay(silent=True)
    change(Receipt.objects.filter(pk=paid.order), times_sent=1)
    assert rows_breaking(TIMES)


def test_a_message_id_given_twice_is_found() -> None:
    first, second = pay(), pay()
    field = Receipt._meta.get_field("message_id")
    loose = field.clone()
    loose._unique = False
    loose.set_attributes_from_name("message_id")
    loose.model = Receipt
    with unguarded(), connections["receipt"].schema_editor() as editor:
        editor.alter_field(Receipt, field, loose)
    try:
        _name(second, receipt_for(first).message_id)
        assert rows_breaking(UNIQUE)
        _name(second, "<another@example.com>")
    finally:
        with unguarded(), connections["receipt"].schema_editor() as editor:
            editor.alter_field(Receipt, loose, field)


def _name(paid: OrderPaid, message_id: str) -> None:
    change(Receipt.objects.filter(pk=paid.order), message_id=message_id)
