"""The command: the file becomes orders and refunds, once, whatever happens on the way."""

from __future__ import annotations

import csv
import json
import uuid
from collections import Counter
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F, Sum
from django.utils import timezone

from apps.invoice.models import Document
from apps.payment.models import Order, OrderLine, Refund, ReplayedLine
from apps.payment.replay import Replay
from apps.payment.replay.post import order_id, subject_of
from apps.product.models import Product
from apps.receipt.models import Receipt
from extract.audit import audit
from extract.data import owned
from tests.apps.payment.replay.sales import HEADER, SALES


@pytest.fixture
def sales(tmp_path: Path, database: None) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text(SALES)
    return path


def replayed(path: Path, *arguments: str) -> dict[str, Any]:
    """Run the command in this process and return its JSON."""
    out = StringIO()
    try:
        call_command("replay_invoices", str(path), "--json", *arguments, stdout=out)
    except CommandError as error:
        if "%) were taken" not in str(error):
            raise
    answer: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return answer


def recomputed(path: Path, report: list[dict[str, str]]) -> Decimal:
    """The total of the taken lines, from the file's own text and the report alone."""
    text = path.read_bytes().decode("utf-8", errors="replace").split("\n")
    total = Decimal(0)
    for row in report:
        if row["outcome"] == "taken":
            fields = next(csv.reader([text[int(row["line"]) - 1].rstrip("\r")]))
            total += int(fields[3]) * Decimal(fields[5])
    return total


def read_report(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_sales_become_orders_and_refunds(sales: Path) -> None:
    assert replayed(sales) == {
        "lines": 8,
        "invoices": 4,
        "orders": 2,
        "refunds": 1,
        "refused": {"not-a-product": 1, "no-matching-sale": 1},
        "net_total": "22.05",
        "added": 8,
    }
    order = Order.objects.get(pk=order_id(sales.name, "700001"))
    assert (order.status, order.silent, order.country) == ("partly refunded", True, "GB")
    assert order.subject == subject_of("20011") != ""
    assert order.placed_at.date().isoformat() == "2011-01-03"
    assert (order.net, order.vat, order.total) == (
        Decimal("21.85"),
        Decimal("4.37"),
        Decimal("26.22"),
    )
    assert list(order.lines.values_list("sku", "quantity", "unit_price")) == [
        ("61001", 3, Decimal("2.55")),
        ("61002", 1, Decimal("10")),
        ("61001", 2, Decimal("2.10")),
    ]
    guest = Order.objects.get(pk=order_id(sales.name, "700002"))
    assert (guest.subject, guest.country, guest.net) == ("", "DE", Decimal("12.75"))
    (refund,) = Refund.objects.all()
    assert (refund.status, refund.order_id, refund.amount) == ("done", order.pk, Decimal("15.06"))
    assert Document.objects.filter(order=order.pk).count() == 2
    assert audit(delays=(0,)) == ()


def test_stock_is_booked_in_and_sold(sales: Path) -> None:
    with owned("product"):
        from apps.product.models import Category

        category = Category.objects.create(name="Lights", slug="lights")
        Product.objects.create(
            sku="61001", slug="l", name="Mine", price=9, category=category, initial=7, on_hand=7
        )
    replayed(sales)
    lantern = Product.objects.get(sku="61001")
    assert (lantern.name, lantern.price) == ("Mine", Decimal("9.00"))
    assert (lantern.on_hand, lantern.restocked, lantern.sold, lantern.reserved) == (8, 11, 10, 0)
    towel = Product.objects.get(sku="61002")
    assert (towel.on_hand, towel.restocked, towel.sold, towel.price) == (1, 2, 1, Decimal("10.00"))


def test_no_mail_is_sent(sales: Path, settings: Any) -> None:
    replayed(sales)
    assert Receipt.objects.count() == 3
    assert set(Receipt.objects.values_list("status", flat=True)) == {"suppressed"}
    mails = Path(settings.MAILS_DIR)
    assert not mails.exists() or not list(mails.iterdir())


def test_a_second_run_adds_nothing(sales: Path) -> None:
    first = replayed(sales)
    before = [list(model.objects.values()) for model in (Order, OrderLine, Refund, ReplayedLine)]
    second = replayed(sales)
    after = [list(model.objects.values()) for model in (Order, OrderLine, Refund, ReplayedLine)]
    assert second == first | {"added": 0}
    assert after == before


def test_a_file_of_another_name_is_another_file(sales: Path) -> None:
    replayed(sales)
    other = sales.with_name("other.csv")
    other.write_text(SALES)
    assert replayed(other)["added"] == 8
    assert Order.objects.count() == 4


def test_the_same_file_elsewhere_is_the_same_file(sales: Path, tmp_path: Path) -> None:
    replayed(sales)
    (tmp_path / "copy").mkdir()
    copy = tmp_path / "copy" / sales.name
    copy.write_text(SALES)
    assert replayed(copy)["added"] == 0


def test_the_report_has_a_row_for_each_line(sales: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.csv"
    answer = replayed(sales, "--report", str(out))
    assert out.read_text().splitlines()[0] == "line,InvoiceNo,StockCode,outcome,reason,order"
    rows = read_report(out)
    first = str(order_id(sales.name, "700001"))
    assert [tuple(row.values()) for row in rows[:2] + rows[4:6]] == [
        ("2", "700001", "61001", "taken", "", first),
        ("3", "700001", "61002", "taken", "", first),
        ("6", "700002", "POST", "refused", "not-a-product", ""),
        ("7", "C700003", "61001", "taken", "", first),
    ]
    assert Decimal(answer["net_total"]) == recomputed(sales, rows)
    again = tmp_path / "again.csv"
    replayed(sales, "--report", str(again))
    assert again.read_text() == out.read_text()


@pytest.mark.parametrize(
    "changed",
    [
        SALES.replace("LANTERN,3,", "LANTERN,4,"),
        SALES.replace("61002,STRIPED TEA TOWEL,1,", "61003,STRIPED TEA TOWEL,1,"),
        SALES.replace("700001,61002", "700009,61002"),
        SALES.replace("STRIPED TEA TOWEL,1,", "CHEQUERED TEA TOWEL,1,"),
        SALES.replace("4/1/2011", "6/1/2011"),
        SALES.replace("Germany", "France"),
        SALES.replace("POSTAGE,1,", "POSTAGE,2,"),
        SALES + "700002,61001,COPPER LANTERN,5,4/1/2011,2.55,,Germany\n",
        HEADER + SALES.splitlines(keepends=True)[1],
    ],
    ids=[
        "a quantity",
        "a code",
        "an invoice",
        "a name",
        "a day",
        "a country",
        "a refused line",
        "an invoice goes on",
        "lines are gone",
    ],
)
def test_a_changed_file_of_the_same_name_is_refused(sales: Path, changed: str) -> None:
    replayed(sales)
    before = list(ReplayedLine.objects.values())
    sales.write_text(changed)
    with pytest.raises(CommandError, match="as a file of another name"):
        replayed(sales)
    assert list(ReplayedLine.objects.values()) == before


def test_new_invoices_at_the_end_are_added(sales: Path) -> None:
    replayed(sales)
    sales.write_text(SALES + "700005,61001,COPPER LANTERN,5,4/1/2011,2.55,,Germany\n")
    assert replayed(sales)["added"] == 1
    assert Order.objects.count() == 3


def test_a_bad_file_is_one_sentence(tmp_path: Path, database: None) -> None:
    path = tmp_path / "picture.csv"
    path.write_bytes(b"\x89PNG")
    with pytest.raises(CommandError, match="is not a file of invoice lines"):
        replayed(path)
    with pytest.raises(CommandError, match="cannot be read"):
        replayed(tmp_path / "missing.csv")
    with pytest.raises(CommandError, match="There is no directory"):
        replayed(path, "--report", str(tmp_path / "no" / "report.csv"))


def test_a_product_taken_off_sale_stops_the_run_before_it_begins(sales: Path) -> None:
    replayed(sales)
    with owned("product"):
        Product.objects.filter(sku="61002").update(is_active=False)
    other = sales.with_name("other.csv")
    other.write_text(SALES)
    with pytest.raises(CommandError, match="taken off sale: 61002"):
        replayed(other)
    assert Order.objects.count() == 2


def test_a_customer_who_snatches_the_pieces_does_not_stop_the_run(sales: Path) -> None:
    from apps.payment.replay import post

    snatched = []

    class Snatching:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def restock(self, **arguments: Any) -> None:
            real.restock(**arguments)
            if not snatched:
                snatched.append(uuid.uuid4())
                real.reserve(checkout=snatched[0], items=arguments["items"])

    real = post.product
    post.product = Snatching()  # type: ignore[assignment]
    try:
        replayed(sales)
    finally:
        post.product = real
    statuses = Counter(Order.objects.values_list("status", flat=True))
    assert statuses == {"cancelled": 1, "partly refunded": 1, "paid": 1}
    assert Order.objects.get(pk=order_id(sales.name, "700001", 1)).status == "partly refunded"
    assert replayed(sales)["added"] == 0


def test_it_can_be_asked_to_stop_between_orders(sales: Path) -> None:
    from apps.payment.replay import Interrupted

    replay = Replay(sales)
    with pytest.raises(Interrupted):
        replay.run(should_stop=lambda: replay.added > 0)
    assert (replay.added, replay.left, Order.objects.count()) == (3, 5, 1)
    assert replayed(sales)["added"] == 5
    assert audit(delays=(0,)) == ()


@pytest.mark.sqlite
def test_the_whole_file(sample_csv: Path, database: None, tmp_path: Path) -> None:
    out = tmp_path / "report.csv"
    answer = replayed(sample_csv, "--report", str(out))
    rows = read_report(out)
    assert [int(row["line"]) for row in rows] == list(range(2, answer["lines"] + 2))
    refused = Counter(row["reason"] for row in rows if row["outcome"] == "refused")
    assert answer["refused"] == dict(refused)
    assert answer["orders"] == Order.objects.filter(status__in=Order.PAID_STATES).count()
    assert answer["refunds"] == Refund.objects.filter(status=Refund.Status.DONE).count()
    assert Decimal(answer["net_total"]) == recomputed(sample_csv, rows)
    sold = OrderLine.objects.aggregate(
        net=Sum(F("unit_price") * (F("quantity") - F("refunded_quantity")))
    )
    assert Decimal(answer["net_total"]) == round(sold["net"], 2)
    assert audit(delays=(0,)) == ()
    if "sample" not in sample_csv.name:
        assert 1 - sum(refused.values()) / answer["lines"] >= 0.9


@pytest.mark.parametrize("zone", ["Europe/London", "Pacific/Auckland", "Pacific/Honolulu"])
def test_a_day_in_the_file_is_that_day_where_the_seller_is(
    sales: Path, settings: Any, zone: str
) -> None:
    settings.TIME_ZONE = zone
    replayed(sales)
    days = {timezone.localdate(each) for each in Order.objects.values_list("placed_at", flat=True)}
    assert days == {date(2011, 1, 3), date(2011, 1, 4)}
