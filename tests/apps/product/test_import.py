"""``import_catalogue``: clean products out of dirty lines, and nobody's edits undone."""

from __future__ import annotations

import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.product.lines import HEADER, is_product_code
from apps.product.models import Product
from apps.product.naming import title_case
from apps.product.services import product_edit
from tests.apps.product.shelf import reserve

pytestmark = pytest.mark.usefixtures("database")

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A file of (code, description, price) lines."""

    def file(*lines: tuple[str, str, str], more: str = "") -> Path:
        path = tmp_path / "sales.csv"
        rows = [f'1,{code},"{name}",1,1/12/2010,{price},,France' for code, name, price in lines]
        path.write_text("\n".join([",".join(HEADER), *rows, more]), encoding="utf-8")
        return path

    return file


def imported(path: Path, **options: Any) -> str:
    said = io.StringIO()
    try:
        call_command("import_catalogue", str(path), stdout=said, **options)
    except CommandError as error:
        if "%) were taken" not in str(error):
            raise
    return said.getvalue()


def catalogue() -> dict[str, tuple[str, str]]:
    return {p.sku: (p.name, str(p.price)) for p in Product.objects.all()}


def test_the_commonest_sane_name_and_price_win(write: Write) -> None:
    path = write(
        ("85123a", "WHITE  T-LIGHT HOLDER", "2.55"),
        ("85123A", "WHITE T-LIGHT HOLDER ", "2.95"),
        ("85123A", "damages?", "2.95"),
        ("85123A", "", "0"),
        ("85123A", "amazon", "0"),
    )
    imported(path)
    assert catalogue() == {"85123A": ("White T-Light Holder", "2.95")}
    found = Product.objects.select_related("category").get()
    assert (found.on_hand, found.initial, found.category.slug) == (100, 100, "light")
    assert found.slug == "white-t-light-holder"


def test_dirt_makes_no_products(write: Write) -> None:
    path = write(
        ("POST", "POSTAGE", "18"),
        ("D", "Discount", "27.5"),
        ("C2", "CARRIAGE", "50"),
        ("M", "Manual", "1"),
        ("BANK CHARGES", "Bank Charges", "15"),
        ("AMAZONFEE", "AMAZON FEE", "13541.33"),
        ("gift_0001_20", "Dotcomgiftshop Gift Voucher 20.00", "16.67"),
        ("11111", "", "2"),
        ("22222", "LANTERN", "0"),
        ("33333", "LANTERN", "-5"),
        ("44444", "LANTERN", "1e9"),
        ("55555", "LANTERN", "NaN"),
        ("66666", "LANTERN", ""),
        ("77777", "?", "1"),
        ("99999/../", "LANTERN", "1"),
        ("12345", "BELL\x07", "1"),
        more='1,10001,"UNCLOSED,1,1/12/2010,2,,France\n1,10002,SHORT\n1,10003,GOOD ONE,1,x,2,,UK',
    )
    said = imported(path)
    assert "1 of 19 lines taken, 18 dropped" in said
    assert "8  not-a-product" in said
    assert catalogue() == {"10003": ("Good One", "2.00")}


@pytest.mark.parametrize(
    ("described", "named"),
    [
        ("BROWN CHECK CAT DOORSTOP", "Brown Check Cat Doorstop"),
        ("CRUSHED VELVET CUSHION", "Crushed Velvet Cushion"),
        ("LOST PROPERTY SIGN", "Lost Property Sign"),
        ("FOUND OBJECTS TIN?", "Found Objects Tin?"),
        ("کتاب\u200cخانه", "کتاب\u200cخانه"),
        ("FAMILY 👨\u200d👩\u200d👧 MUG", "Family 👨\u200d👩\u200d👧 Mug"),
        ("MUG\u00adS", "Mug\u00ads"),
        ("\u2067MUG\u2069 OF\u202e TEA\u200b", "Mug of Tea"),
        ("CAFE\u0301 SIGN", "Café Sign"),
        ("VERY " * 40 + "LONG", "Very " * 22 + "Very…"),
        ("X" * 200, "X" + "x" * 118 + "…"),
    ],
)
def test_what_is_a_name_is_taken(write: Write, described: str, named: str) -> None:
    said = imported(write(("21407", described, "2")))
    assert "1 of 1 lines taken" in said
    assert catalogue() == {"21407": (named, "2.00")}


def test_a_clerks_note_costs_nothing_and_names_nothing(write: Write, tmp_path: Path) -> None:
    path = write(("10001", "found again", "0"), ("10001", "CUP", "2"), ("10002", "damages", "0"))
    report = tmp_path / "report.csv"
    imported(path, report=report)
    assert catalogue() == {"10001": ("Cup", "2.00")}
    assert report.read_text().splitlines() == [
        "line,StockCode,outcome,reason",
        "2,10001,dropped,zero-price",
        "3,10001,taken,",
        "4,10002,dropped,zero-price",
    ]


def test_a_second_run_adds_nothing(write: Write) -> None:
    path = write(("10001", "CUP", "2"), ("10002", "CUP", "3"))
    assert "2 made" in imported(path, stock=7)
    before = list(Product.objects.values())
    assert "0 made, 0 updated, 2 as they were" in imported(path, stock=9)
    assert list(Product.objects.values()) == before
    assert {p["on_hand"] for p in before} == {7}
    assert len({p["slug"] for p in before}) == 2


def test_a_later_file_refreshes_what_nobody_edited(write: Write) -> None:
    imported(write(("10001", "CUP", "2"), ("10002", "MUG", "3")))
    product_edit(sku="10002", version=1, changes={"name": "The Operator's Mug"})
    reserve(**{"10001": 4})
    later = write(("10001", "BLUE CUP", "2.5"), ("10002", "RED MUG", "9"))
    assert "1 updated, 0 as they were, 1 left" in imported(later)
    assert catalogue() == {"10001": ("Blue Cup", "2.50"), "10002": ("The Operator's Mug", "3.00")}
    cup = Product.objects.get(sku="10001")
    assert (cup.on_hand, cup.reserved, cup.slug, cup.version) == (96, 4, "cup", 2)
    product_edit(sku="10001", version=2, changes={"price": Decimal(1)})
    assert "0 updated, 0 as they were, 2 left" in imported(later)


def test_the_sample_is_imported(sample_csv: Path) -> None:
    imported(sample_csv)
    count = Product.objects.count()
    assert count > 20
    assert not Product.objects.filter(price__lte=0).exists()
    assert not Product.objects.filter(name="").exists()
    imported(sample_csv)
    assert Product.objects.count() == count


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"", "is not a file of invoice lines"),
        (b"a,b,c\n1,2,3\n", "is not a file of invoice lines"),
        (b"\x7fELF\x02\x01\x01\x00\xff", "is not a file of invoice lines"),
        (b"PK\x03\x04\x00\x00", "it is no workbook"),
    ],
)
def test_a_bad_file_is_one_clear_error(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "bad.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=said) as caught:
        imported(path)
    assert "\n" not in str(caught.value)
    assert not Product.objects.exists()


def test_a_bad_stock_is_told(write: Write) -> None:
    with pytest.raises(CommandError, match="--stock"):
        imported(write(("10001", "CUP", "2")), stock=-1)


@pytest.mark.parametrize("code", ["POST", "DOT", "M", "m", "D", "C2", "BANK CHARGES", "S", "B",
                                  "CRUK", "AMAZONFEE", "gift_0001_10", "", "  ", "1"])  # fmt: skip
def test_codes_that_are_no_products(code: str) -> None:
    assert not is_product_code(code)


@pytest.mark.parametrize("code", ["85123A", "22139", "15056BL", "DCGS0076", " 84029g "])
def test_codes_that_are_products(code: str) -> None:
    assert is_product_code(code)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("WHITE  HANGING HEART T-LIGHT HOLDER", "White Hanging Heart T-Light Holder"),
        ("CHILDREN'S MUG", "Children's Mug"),
        ("BAG 500g SWIRLY MARBLES", "Bag 500g Swirly Marbles"),
        ("SET OF 6 JARS", "Set of 6 Jars"),
        ("OF ALL", "Of All"),
        ('LETTER "B" KEY RING', 'Letter "B" Key Ring'),
        ("NECKLACE+BRACELET", "Necklace+Bracelet"),
    ],
)
def test_names_are_put_in_title_case(text: str, name: str) -> None:
    assert title_case(text) == name
