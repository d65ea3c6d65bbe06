"""Money goes back once for each piece, and no further than what was paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.scenarios.in_process import InProcess
from tests.scenarios.place import Place
from tests.scenarios.shop import Shop


def test_a_whole_order_is_paid_back(place: Place, shop: Shop, operator: Shop) -> None:
    bought = shop.buy(LAMP=2, VASE=1)
    refunded = operator.refund(bought["order"])
    assert refunded.status == 201
    assert refunded.json["total"] == bought["total"]
    place.settle()

    total = Decimal(bought["total"]["amount"])
    assert place.charges() == [(total, total)]
    access, note = bought["access"], refunded.json["credit_note"]
    order = shop.order(bought["order"], access=access).json
    assert order["status"] == "refunded"
    assert [refund["credit_note"] for refund in order["refunds"]] == [note]
    document = shop.invoice(note, access=access).json
    assert (document["kind"], document["invoice"]) == ("credit note", bought["invoice"])
    assert document["total"] == bought["total"]
    assert shop.pdf(note, access=access).body.startswith(b"%PDF-")
    assert (shop.available("LAMP"), shop.available("VASE")) == (10, 5)
    subjects = sorted(str(mail["Subject"]) for mail in place.mails())
    assert len(subjects) == 2
    assert bought["invoice"] in subjects[0]
    assert note in subjects[1]

    again = operator.refund(bought["order"])
    assert (again.status, again.problem) == (409, "nothing-to-refund")


def test_lines_are_paid_back_piece_by_piece(place: Place, shop: Shop, operator: Shop) -> None:
    bought = shop.buy(LAMP=3, VASE=1)
    lines = _lines(operator, bought["order"])
    lamp, vase = lines["LAMP"]["id"], lines["VASE"]["id"]
    first = operator.refund(bought["order"], [(lamp, 1)])
    assert first.json["total"]["amount"] == "12.00"
    assert operator.order(bought["order"]).json["status"] == "partly refunded"
    assert operator.refund(bought["order"], [(lamp, 1), (vase, 1)]).status == 201
    place.settle()
    assert (shop.available("LAMP"), shop.available("VASE")) == (9, 5)

    beyond = operator.refund(bought["order"], [(lamp, 2)])
    assert (beyond.status, beyond.problem) == (409, "already-refunded")
    assert operator.refund(bought["order"], [(lamp, 0)]).status == 422
    foreign = operator.refund(bought["order"], [(lamp + 1000, 1)])
    assert (foreign.status, foreign.problem) == (422, "unknown-line")

    rest = operator.refund(bought["order"])
    assert rest.status == 201
    place.settle()
    total = Decimal(bought["total"]["amount"])
    assert place.charges() == [(total, total)]
    assert operator.order(bought["order"]).json["status"] == "refunded"
    assert shop.available("LAMP") == 10
    assert len(place.mails()) == 4


@pytest.mark.in_process("calls between apps are made to fail inside their process")
def test_a_refund_whose_invoice_app_is_away_is_credited_later(
    place: InProcess, shop: Shop, operator: Shop
) -> None:
    bought = shop.buy(LAMP=1)
    place.settle()
    with place.away("invoice"):
        refunded = operator.refund(bought["order"])
        assert refunded.status == 201
        assert refunded.json["credit_note"] is None
    place.settle()
    (refund,) = operator.order(bought["order"]).json["refunds"]
    assert operator.invoice(refund["credit_note"]).json["total"] == bought["total"]
    assert len(place.mails()) == 2


def test_refunds_are_for_staff(place: Place, shop: Shop, customer: Shop, operator: Shop) -> None:
    bought = customer.buy(LAMP=1)
    assert shop.refund(bought["order"]).status == 401
    assert customer.refund(bought["order"]).status == 403
    assert operator.refund("00000000-0000-0000-0000-000000000000").status == 404
    assert place.charges()[0][1] == 0


def _lines(shop: Shop, order: str) -> dict[str, dict[str, Any]]:
    return {line["sku"]: line for line in shop.order(order).json["lines"]}
