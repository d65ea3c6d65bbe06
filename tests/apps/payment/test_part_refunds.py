"""Orders refunded in parts, in any order: the parts sum to the whole, and each is invoiced.

``PART_REFUNDS=10000 pytest tests/apps/payment/test_part_refunds.py`` takes as many random orders.
"""

from __future__ import annotations

import csv
import os
import random
import uuid
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st

from apps.invoice.models import Document, DocumentLine
from apps.payment import refunds, vat
from apps.payment.checkout import Address, place_priced
from apps.payment.checkout.place_order import Purchaser
from apps.payment.models import Order, OrderLine, Refund, VatRate
from apps.payment.pricing import Wanted, vat_of_part
from apps.product.contract import PENNY, Item, NewProduct, ProductContract, penny
from extract.audit import audit
from extract.call import handle
from extract.saga.models import SagaRun

ORDERS = int(os.environ.get("PART_REFUNDS", "12"))
SEED = int(os.environ.get("PART_REFUNDS_SEED", "19"))

product = handle(ProductContract)


@given(
    price=st.integers(0, 100_000).map(lambda pence: pence * PENNY),
    rate=st.decimals(0, 30, places=2),
    parts=st.lists(st.integers(1, 40), min_size=1, max_size=12),
)
@example(price=Decimal("2.10"), rate=Decimal("23.00"), parts=[1, 7, 1])
@example(price=Decimal("0.42"), rate=Decimal("20.00"), parts=[1, 7, 1])
def test_parts_sum_to_the_whole_and_each_owes_what_it_gets(
    price: Decimal, rate: Decimal, parts: list[int]
) -> None:
    whole, before, given_back = sum(parts), 0, Decimal("0.00")
    due = penny(price * whole * rate / 100)
    for part in parts:
        back = vat_of_part(
            unit_price=price, rate=rate, quantity=whole, vat=due,
            before=before, back_before=given_back, pieces=part,
        )  # fmt: skip
        before += part
        owed = price * before * rate / 100 - given_back
        assert abs(back - owed) <= PENNY / 2
        assert abs(back - price * part * rate / 100) <= PENNY
        assert back >= 0
        given_back += back
    assert given_back == due


@pytest.mark.usefixtures("database")
@pytest.mark.timeout(7200)
def test_random_orders_refunded_in_parts_are_invoiced_to_the_penny() -> None:
    dice = random.Random(SEED)
    places = _places()
    for number in range(ORDERS):
        _buy_and_return(dice, *places[number % len(places)])
    assert Refund.objects.count() >= ORDERS
    assert not Refund.objects.filter(credit_note="").exists()
    assert not SagaRun.objects.using("payment").filter(status__in=SagaRun.UNFINISHED).exists()
    assert audit(delays=(0,)) == ()


def _places() -> list[tuple[str, str]]:
    """A country and a postcode for each of whose rates are on file."""
    on_file = sorted(set(VatRate.objects.values_list("country", flat=True)))
    countries = [(code, "") for code in on_file if len(code) == 2]
    with (Path(vat.__file__).with_name("vat_territories.csv")).open(newline="") as file:
        rows = list(csv.DictReader(file))
    within = [(row["country"], row["postcodes"].partition("-")[0]) for row in rows]
    places = [*countries, *within]
    assert set(on_file) <= {vat.territory(*place) for place in places}
    return places


def _buy_and_return(dice: random.Random, country: str, postcode: str) -> None:
    wanted = [_wanted(dice, at) for at in range(dice.randint(1, 3))]
    items = tuple(Item(sku=each.sku, quantity=each.quantity) for each in wanted)
    product.introduce(
        products=tuple(
            NewProduct(sku=each.sku, name=each.name, price=each.unit_price) for each in wanted
        )
    )
    product.restock(reference=uuid.uuid4(), items=items)
    order = uuid.uuid4()
    address = Address(line1="1 High Street", city="Leeds", postcode=postcode, country=country)
    who = Purchaser(subject="", email="a@example.com", name="A Buyer", address=address)
    place_priced(order_id=order, purchaser=who, lines=wanted, placed_at=timezone.now())
    lines = list(OrderLine.objects.filter(order=order).order_by("pk"))
    pieces = [line.pk for line in lines for _ in range(line.quantity)]
    dice.shuffle(pieces)
    while pieces:
        some = [pieces.pop() for _ in range(dice.randint(1, min(len(pieces), 7)))]
        _refund(order, [(pk, some.count(pk)) for pk in dict.fromkeys(some)])
    _check(Order.objects.get(pk=order))


def _wanted(dice: random.Random, at: int) -> Wanted:
    return Wanted(
        sku=f"{dice.randrange(10**6):06}-{at}",
        name="A thing",
        quantity=dice.randint(1, 9),
        unit_price=dice.choice([PENNY, Decimal("0.42"), dice.randint(1, 5000) * PENNY]),
        tax_class=dice.choice(["standard", "reduced", "zero"]),
    )


def _refund(order: uuid.UUID, lines: list[tuple[int, int]]) -> None:
    key = str(uuid.uuid4())
    answer = refunds.request(key=key, order_id=order, lines=lines, requested_by="test")
    assert answer.status == 201, answer
    assert answer.body["credit_note"], "the credit note is there at once"


def _check(order: Order) -> None:
    """The credit notes take back exactly what the invoice says, line by line."""
    of = {
        kind: list(
            DocumentLine.objects.filter(document__order=order.pk, document__kind=kind).values_list(
                "sku", "net", "vat"
            )
        )
        for kind in (Document.Kind.INVOICE, Document.Kind.CREDIT_NOTE)
    }
    for sku in {sku for sku, _, _ in of[Document.Kind.INVOICE]}:
        sums = {
            kind: [sum(row[at] for row in rows if row[0] == sku) for at in (1, 2)]
            for kind, rows in of.items()
        }
        assert sums[Document.Kind.INVOICE] == sums[Document.Kind.CREDIT_NOTE], (order.pk, sku)
