"""Each invariant of the catalogue finds its planted breach, and nothing where all is well."""

from __future__ import annotations

import uuid

import pytest
from django.db.models import F

from apps.product.models import Product, Reservation, ReservedItem, StockReceipt
from extract.audit import audit, invariants
from extract.data import owned
from tests.apps.product.shelf import items, product, reserve, shelve

pytestmark = pytest.mark.usefixtures("database")


def broken() -> dict[str, list[str]]:
    """The broken invariants of product, each with the SKUs concerned."""
    found = audit(checks=[known for known in invariants() if known.app == "product"], delays=())
    return {
        each.invariant: [row["product"] for row in each.rows if "product" in row] for each in found
    }


@pytest.fixture(autouse=True)
def _traded(database: None) -> None:
    shelve("A", "B")
    reserve(A=1)
    product.sell(checkout=reserve(A=2, B=1))
    product.release(checkout=reserve(B=3))
    product.restock(reference=uuid.uuid4(), items=items(A=4))


def test_all_is_well() -> None:
    assert broken() == {}


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        ("reserved", "Reserved pieces are those of held reservations."),
        ("sold", "Sold pieces are those of sold reservations."),
        ("restocked", "Restocked pieces are those of stock receipts."),
    ],
)
def test_a_column_that_strays_is_found(column: str, sentence: str) -> None:
    with owned("product"):
        Product.objects.filter(sku="A").update(**{column: F(column) + 1})
    assert broken() == {
        sentence: ["A"],
        "Initial and restocked pieces are on hand, reserved or sold.": ["A"],
    }


def test_lost_pieces_are_found() -> None:
    with owned("product"):
        Product.objects.filter(sku="B").update(on_hand=F("on_hand") - 1)
    assert broken() == {"Initial and restocked pieces are on hand, reserved or sold.": ["B"]}


def test_a_name_that_the_search_was_not_told_of_is_found() -> None:
    with owned("product"):
        Product.objects.filter(sku="A").update(name="Other")
        Product.objects.get(sku="B").words.all().delete()
    assert broken() == {"Products are found and sorted by what they are called.": ["A", "B"]}
    with owned("product"):
        Product.objects.get(sku="A").save(update_fields=["name"])
        Product.objects.get(sku="B").save()
    assert broken() == {}


def test_rows_without_their_pieces_are_found() -> None:
    with owned("product"):
        Reservation.objects.filter(state="held").update(state="sold")
    assert broken() == {
        "Reserved pieces are those of held reservations.": ["A"],
        "Sold pieces are those of sold reservations.": ["A"],
    }
    with owned("product"):
        ReservedItem.objects.all().delete()
        StockReceipt.objects.all().delete()
    assert broken() == {
        "Reserved pieces are those of held reservations.": ["A"],
        "Sold pieces are those of sold reservations.": ["A", "B"],
        "Restocked pieces are those of stock receipts.": ["A"],
    }


def test_the_database_itself_refuses_negative_stock() -> None:
    from django.db import IntegrityError

    with pytest.raises(IntegrityError), owned("product"):
        Product.objects.filter(sku="A").update(on_hand=-1)
