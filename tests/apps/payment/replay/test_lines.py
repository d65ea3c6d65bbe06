"""The file is read strictly: each line is understood, or says why it is not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from apps.payment.replay.lines import HEADER, BadFile, Entry, Line, Unreadable
from apps.payment.replay.lines import read as read_file

GOOD = "536365,85123A,WHITE HEART,6,1/12/2010,2.55,17850,United Kingdom"


def read(path: Path) -> tuple[Entry, ...]:
    return read_file(path).entries


def a_file(directory: Path, *lines: str | bytes, header: str = ",".join(HEADER)) -> Path:
    path = directory / "sales.csv"
    raw = [line if isinstance(line, bytes) else line.encode() for line in (header, *lines)]
    path.write_bytes(b"\n".join(raw) + b"\n")
    return path


def reason_of(directory: Path, line: str | bytes) -> str:
    (entry,) = read(a_file(directory, line))
    return entry.reason if isinstance(entry, Unreadable) else ""


def changed(**fields: str) -> str:
    values = dict(zip(HEADER, GOOD.split(","), strict=True)) | fields
    return ",".join(values.values())


def test_a_line_is_understood(tmp_path: Path) -> None:
    (line,) = read(a_file(tmp_path, GOOD))
    assert line == Line(
        number=2,
        invoice_no="536365",
        stock_code="85123A",
        description="WHITE HEART",
        quantity=6,
        day=date(2010, 12, 1),
        unit_price=Decimal("2.55"),
        customer="17850",
        country="United Kingdom",
    )
    assert line.net == Decimal("15.30")


@pytest.mark.parametrize(
    "line",
    [
        changed(InvoiceDate="31/1/2011"),
        changed(UnitPrice="2.5"),
        changed(UnitPrice="3"),
        changed(Quantity="-12"),
        changed(CustomerID=""),
        changed(Description=""),
        changed(Description='"SET OF 3, ""BLUE"""'),
        changed(Description="CAFÉ £5"),
        changed(InvoiceNo="C536379"),
        GOOD + "\r",
    ],
)
def test_what_real_files_hold_is_understood(tmp_path: Path, line: str) -> None:
    assert reason_of(tmp_path, line) == ""


def test_a_description_is_a_line_of_text(tmp_path: Path) -> None:
    (entry,) = read(a_file(tmp_path, changed(Description="\u2067CAFE\u0301\u2069 SIGN\u200b")))
    assert isinstance(entry, Line)
    assert entry.description == "CAFÉ SIGN"


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("wrong-number-of-fields", GOOD + ",more"),
        ("wrong-number-of-fields", "536365,85123A"),
        ("control-characters", changed(Description="A\x00B")),
        ("control-characters", changed(Description="A\rB")),
        ("bad-quoting", changed(Description='"NEVER ENDS')),
        ("bad-quoting", changed(Description='"6" LONG"')),
        ("bad-invoice-number", changed(InvoiceNo="")),
        ("bad-invoice-number", changed(InvoiceNo="536 365")),
        ("bad-stock-code", changed(StockCode="")),
        ("bad-stock-code", changed(StockCode="A/../B")),
        ("bad-customer", changed(CustomerID="1;2")),
        *(
            ("bad-quantity", changed(Quantity=q))
            for q in ("", "1.5", "1e3", "NaN", "٣", "1_0", "+1")
        ),
        *(
            ("bad-price", changed(UnitPrice=p))
            for p in ("", "NaN", "inf", "-Infinity", "1e400", "2;5", "1_0.0", ".5", "9" * 400)
        ),
        *(
            ("bad-date", changed(InvoiceDate=d))
            for d in ("", "31/2/2011", "2011-02-31", "1/1/11", "0/1/2011", "1/1-2011", "١/١/2011")
        ),
        ("zero-quantity", changed(Quantity="0")),
        ("absurd-quantity", changed(Quantity="1000000")),
        ("absurd-quantity", changed(Quantity="-1000000")),
        ("negative-price", changed(UnitPrice="-11062.06")),
        ("absurd-price", changed(UnitPrice="99999999999")),
        ("price-not-in-pence", changed(UnitPrice="0.001")),
        ("absurd-date", changed(InvoiceDate="1/12/1010")),
    ],
)
def test_a_line_that_is_not_understood_says_why(
    tmp_path: Path, reason: str, line: str | bytes
) -> None:
    assert reason_of(tmp_path, line) == reason


def test_a_spoiled_line_spoils_no_other(tmp_path: Path) -> None:
    broken = changed(Description='"NEVER ENDS')
    entries = read(a_file(tmp_path, GOOD, broken, "", GOOD))
    assert [isinstance(entry, Line) for entry in entries] == [True, False, False, True]
    assert [entry.number for entry in entries] == [2, 3, 4, 5]
    assert (entries[1].invoice_no, entries[1].stock_code) == ("536365", "85123A")


def test_blank_lines_at_the_end_are_none(tmp_path: Path) -> None:
    assert len(read(a_file(tmp_path, GOOD, "", "  ", "\r"))) == 1


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    assert len(read(a_file(tmp_path, GOOD, header="\ufeff" + ",".join(HEADER)))) == 1


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n\xff", b"a,b,c\n1,2,3\n", b"\xff\xfeI\0n\0"]
)
def test_another_kind_of_file_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.csv"
    path.write_bytes(content)
    with pytest.raises(BadFile, match="its first line must be 'InvoiceNo,StockCode,"):
        read(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read: No such file"):
        read(tmp_path / "nowhere.csv")
    with pytest.raises(BadFile, match="cannot be read: Is a directory"):
        read(tmp_path)


def test_the_sample_holds_every_kind_of_dirt() -> None:
    sample = Path(__file__).parents[3] / "data" / "online_retail_sample.csv"
    found = {entry.reason for entry in read(sample) if isinstance(entry, Unreadable)}
    assert found == {
        "absurd-date",
        "absurd-price",
        "absurd-quantity",
        "bad-customer",
        "bad-date",
        "bad-invoice-number",
        "bad-price",
        "bad-quantity",
        "bad-quoting",
        "bad-stock-code",
        "control-characters",
        "negative-price",
        "not-utf-8",
        "price-not-in-pence",
        "wrong-number-of-fields",
        "zero-quantity",
    }
