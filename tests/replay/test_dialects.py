"""Files that shops really have: however the same sales are written down, the same comes of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.payment.models import Order, OrderLine
from apps.product.models import Product
from tests.replay.dialects import DIALECTS, HEADER

pytestmark = pytest.mark.usefixtures("database")

REPORT = [
    ("2", "700001", "61001", "taken", "", True),
    ("3", "700001", "61002", "taken", "", True),
    ("4", "700001", "61001", "taken", "", True),
    ("5", "700002", "61001", "taken", "", True),
    ("6", "700002", "POST", "refused", "not-a-product", False),
    ("7", "700005", "61003", "taken", "", True),
    ("8", "C700003", "61001", "taken", "", True),
    ("9", "C700003", "61002", "taken", "", True),
    ("10", "700006", "61004", "taken", "", True),
    ("11", "700006", "61001", "taken", "", True),
]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.__name__)
def test_the_same_sales_give_the_same_report(
    dialect: Callable[[Path], Path], tmp_path: Path
) -> None:
    path, report, out = dialect(tmp_path), tmp_path / "report.csv", io.StringIO()
    call_command("replay_invoices", str(path), "--json", "--report", str(report), stdout=out)
    assert json.loads(out.getvalue().splitlines()[-1]) == {
        "lines": 10, "invoices": 5, "orders": 4, "refunds": 1, "refused": {"not-a-product": 1},
        "net_total": "1268.43", "added": 10,
    }  # fmt: skip
    with report.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    assert [(*row[:5], bool(row[5])) for row in rows] == REPORT
    days = sorted(str(order.placed_at.date()) for order in Order.objects.all())
    assert days == ["2011-01-03", "2011-01-14", "2011-02-01", "2011-03-01"]
    names = set(OrderLine.objects.values_list("name", flat=True))
    assert {"COPPER LANTERN", "CAFÉ TOWEL, STRIPED"} <= names
    call_command("replay_invoices", str(path), "--json", stdout=out)
    assert json.loads(out.getvalue().splitlines()[-1])["added"] == 0


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.__name__)
def test_the_same_products_are_imported(dialect: Callable[[Path], Path], tmp_path: Path) -> None:
    out = io.StringIO()
    call_command("import_catalogue", str(dialect(tmp_path)), stdout=out)
    assert list(Product.objects.order_by("sku").values_list("sku", "name")) == [
        ("61001", "Copper Lantern"),
        ("61002", "Café Towel, Striped"),
        ("61003", "Lost Property Sign"),
        ("61004", "Crushed Velvet Box"),
    ]
    assert str(Product.objects.get(sku="61003").price) == "1234.50"
    assert "9 of 10 lines taken" in out.getvalue()


def a_file(directory: Path, *lines: str, name: str = "sales.csv") -> Path:
    path = directory / name
    path.write_text("\n".join([",".join(HEADER), *lines]), encoding="utf-8")
    return path


DECEMBER = "1,61001,CUP,1,12/1/2010 8:26,2.50,7,France"


def test_a_date_with_a_time_that_could_be_another_day_is_asked_for(tmp_path: Path) -> None:
    path = a_file(tmp_path, DECEMBER)
    with pytest.raises(CommandError, match="--dates day-first or --dates month-first"):
        call_command("replay_invoices", str(path))
    call_command("replay_invoices", str(path), "--dates", "month-first", stdout=io.StringIO())
    assert str(Order.objects.get().placed_at.date()) == "2010-12-01"


def test_other_lines_decide_for_the_whole_file(tmp_path: Path) -> None:
    path = a_file(tmp_path, DECEMBER, DECEMBER.replace("1,", "2,", 1).replace("12/1", "12/31"))
    call_command("replay_invoices", str(path), stdout=io.StringIO())
    days = sorted(str(order.placed_at.date()) for order in Order.objects.all())
    assert days == ["2010-12-01", "2010-12-31"]


def test_a_price_that_could_be_another_is_asked_for(tmp_path: Path) -> None:
    path = a_file(tmp_path, '1,61001,CUP,1,1/12/2010,"1,234",7,France')
    for command in ("replay_invoices", "import_catalogue"):
        with pytest.raises(CommandError, match="--fractions point or --fractions comma"):
            call_command(command, str(path))
    call_command("replay_invoices", str(path), "--fractions", "point", stdout=io.StringIO())
    assert str(OrderLine.objects.get().unit_price) == "1234.00"


@pytest.mark.parametrize("command", ["replay_invoices", "import_catalogue"])
@pytest.mark.parametrize(("bad", "fails"), [(1, False), (2, True)])
def test_less_than_nine_tenths_taken_is_a_failure_that_keeps_what_it_took(
    tmp_path: Path, command: str, bad: int, fails: bool
) -> None:
    good = [f"{n},6100{n % 10},CUP,1,1/12/2010,2.50,7,France" for n in range(1, 11 - bad)]
    path = a_file(tmp_path, *good, *["1,POST,POSTAGE,1,1/12/2010,2.50,7,France"] * bad)
    if fails:
        with pytest.raises(CommandError, match="Only 8 of 10 lines"):
            call_command(command, str(path), stdout=io.StringIO())
    else:
        call_command(command, str(path), stdout=io.StringIO())
    assert Product.objects.count() == 10 - bad


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 no workbook", "it is no workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", r"save it as \.xlsx or CSV"),
    ],
)
def test_what_is_no_workbook_is_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "sales.xlsx"
    path.write_bytes(content)
    for command in ("replay_invoices", "import_catalogue"):
        with pytest.raises(CommandError, match=said) as caught:
            call_command(command, str(path))
        assert "\n" not in str(caught.value)


def test_a_report_holds_nothing_that_a_spreadsheet_runs(tmp_path: Path) -> None:
    evil = ["=1+1", "+1", "-1", "@SUM(A1)"]
    lines = [f'"{cell}","{cell}",CUP,1,1/12/2010,2.50,7,France' for cell in evil]
    for command in ("replay_invoices", "import_catalogue"):
        report = tmp_path / "report.csv"
        with pytest.raises(CommandError, match="Only 0 of 4"):
            call_command(
                command, str(a_file(tmp_path, *lines)), "--report", str(report),
                stdout=io.StringIO(),
            )  # fmt: skip
        cells = [cell for row in csv.reader(report.read_text().splitlines()) for cell in row]
        assert [cell for cell in cells if cell[:1] in "=+-@" and cell] == []
        assert {f"'{cell}" for cell in evil} <= set(cells)
