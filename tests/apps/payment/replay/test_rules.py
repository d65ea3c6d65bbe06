"""What is taken: every line once, in order, and nothing back that was not sold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apps.payment.replay.countries import country_code
from apps.payment.replay.lines import Entry, Line, Unreadable
from apps.payment.replay.rules import LARGEST_INVOICE, Decision, Plan, Return, Sale, plan

FIRST_DAY = date(2011, 1, 3)
# The first name that is looked up has an index built, for longer than Hypothesis gives an example.
country_code("EIRE")


def lines(*rows: tuple[str, str, int, dict[str, Any]] | tuple[str, str, int]) -> list[Entry]:
    """(InvoiceNo, StockCode, Quantity[, what is special]) as lines of one customer."""
    entries: list[Entry] = []
    for number, (invoice_no, code, quantity, *special) in enumerate(rows, start=2):
        usual: dict[str, Any] = {
            "description": "A THING",
            "day": FIRST_DAY,
            "unit_price": Decimal("2.50"),
            "customer": "17850",
            "country": "United Kingdom",
        }
        values = usual | (special[0] if special else {})
        entries.append(
            Line(number=number, invoice_no=invoice_no, stock_code=code, quantity=quantity, **values)
        )
    return entries


def reasons(*rows: Any) -> list[str]:
    return [decision.reason for decision in plan(lines(*rows)).decisions]


def refunds(made: Plan) -> dict[str, tuple[tuple[int, int], ...]]:
    return {
        r.sale: r.pieces for work in made.work if isinstance(work, Return) for r in work.refunds
    }


def test_an_invoice_becomes_one_order_wherever_its_lines_stand() -> None:
    made = plan(lines(("1", "10001", 2), ("2", "10001", 1), ("1", "10002", 3)))
    assert [(s.invoice_no, s.settles) for s in made.work if isinstance(s, Sale)] == [
        ("1", (2, 4)),
        ("2", (3,)),
    ]


def test_a_return_of_what_cost_nothing_says_so() -> None:
    free = {"unit_price": Decimal(0)}
    assert reasons(("1", "10001", 2, free), ("C2", "10001", -1)) == [
        "zero-price",
        "sold-at-price-zero",
    ]
    assert reasons(("1", "10001", 2, free), ("C2", "10002", -1))[1] == "no-matching-sale"
    assert reasons(("1", "10001", 2, free), ("2", "10001", 2), ("C3", "10001", -1))[2] == ""


def test_codes_that_are_no_product_are_refused() -> None:
    codes = ("POST", "DOT", "M", "D", "C2", "BANK CHARGES", "S", "AMAZONFEE", "CRUK", "PADS")
    assert set(reasons(*(("1", code, 1) for code in codes))) == {"not-a-product"}
    assert set(reasons(*(("1", code, 1) for code in ("85123A", "10002", "DCGS0003")))) == {""}


def test_a_cancellation_takes_back_an_earlier_sale() -> None:
    made = plan(lines(("1", "10001", 6), ("C2", "10001", -4)))
    assert [d.sale for d in made.decisions] == ["1", "1"]
    assert refunds(made) == {"1": ((0, 4),)}
    assert sum(d.net for d in made.decisions) == Decimal("5.00")


def test_a_negative_line_of_a_plain_invoice_does_too() -> None:
    assert reasons(("1", "10001", 6), ("1", "10001", -6)) == ["", ""]


def test_what_does_not_match_is_refused() -> None:
    sale = ("1", "10001", 6)
    unmatched = "no-matching-sale"
    assert reasons(("C2", "10001", -1), sale)[0] == unmatched
    assert reasons(sale, ("C2", "10001", -7))[1] == unmatched
    assert reasons(sale, ("C2", "10002", -1))[1] == unmatched
    assert reasons(sale, ("C2", "10001", -1, {"customer": "17851"}))[1] == unmatched
    assert reasons(sale, ("C2", "10001", -1, {"unit_price": Decimal("2.51")}))[1] == unmatched
    assert reasons(sale, ("C2", "10001", -1, {"day": FIRST_DAY - timedelta(1)}))[1] == unmatched
    assert reasons(sale, ("C2", "10001", -6), ("C3", "10001", -1)) == ["", "", unmatched]


def test_a_refused_cancellation_takes_nothing() -> None:
    assert reasons(("1", "10001", 6), ("C2", "10001", -7), ("C3", "10001", -6))[2] == ""


def test_a_guests_cancellation_is_refused() -> None:
    guest = {"customer": ""}
    assert reasons(("1", "10001", 6, guest), ("C2", "10001", -1, guest)) == [
        "",
        "guest-cancellation",
    ]


def test_a_cancellation_with_a_positive_quantity_is_refused() -> None:
    assert reasons(("C1", "10001", 6)) == ["positive-cancellation"]


def test_the_newest_sale_that_suffices_is_taken_back() -> None:
    made = plan(lines(("1", "10001", 9), ("2", "10001", 5), ("3", "10001", 2), ("C4", "10001", -4)))
    assert refunds(made) == {"2": ((0, 4),)}


def test_several_sales_are_taken_back_together_newest_first() -> None:
    made = plan(lines(("1", "10001", 3), ("2", "10001", 4), ("2", "10001", 2), ("C3", "10001", -8)))
    assert refunds(made) == {"2": ((0, 4), (1, 2)), "1": ((0, 2),)}
    assert made.decisions[-1].sale == "2"


def test_small_and_capital_letters_of_a_code_are_one_product() -> None:
    assert reasons(("1", "85123a", 6), ("C2", "85123A", -6)) == ["", ""]


def test_an_invoice_belongs_to_the_customer_that_it_names() -> None:
    made = plan(
        lines(
            ("1", "10001", 1, {"customer": ""}),
            ("1", "10002", 1),
            ("1", "3000", 1, {"customer": "9"}),
        )
    )
    assert [d.reason for d in made.decisions] == ["", "", "other-customer"]
    (sale,) = made.work
    assert isinstance(sale, Sale)
    assert sale.customer == "17850"
    assert (
        reasons(("1", "10001", 1), ("1", "10001", 1, {"country": "France"}))[1] == "other-country"
    )


def test_an_invoice_beyond_reason_is_cut() -> None:
    dear = {"unit_price": Decimal(100_000)}
    pieces = int(LARGEST_INVOICE / 100_000)
    assert reasons(("1", "10001", pieces, dear), ("1", "10001", 1), ("2", "10001", 1)) == [
        "",
        "invoice-too-large",
        "",
    ]


def mostly(usual: Any, *rare: Any) -> st.SearchStrategy[Any]:
    """Lines that have to do with each other, and now and then one that has not."""
    return st.integers(0, 9).flatmap(lambda n: st.sampled_from(rare) if n == 9 else st.just(usual))


sold_or_returned = st.tuples(
    st.one_of(
        st.tuples(st.sampled_from(["1", "2", "3"]), st.integers(1, 5)),
        st.tuples(st.sampled_from(["C4", "C5", "2"]), st.integers(-5, -1)),
        st.tuples(st.just("C4"), st.just(3)),
    ),
    st.fixed_dictionaries(
        {
            "stock_code": mostly("10001a", "10001A", "10002", "POST"),
            "day": mostly(FIRST_DAY, FIRST_DAY + timedelta(1)),
            "unit_price": mostly(Decimal("2.55"), Decimal("0.01")),
            "customer": mostly("17850", "17851", ""),
            "country": mostly("United Kingdom", "EIRE"),
        }
    ),
)
entries_of_a_file = st.lists(
    mostly(True, False).flatmap(lambda is_readable: sold_or_returned if is_readable else st.none()),
    max_size=25,
).map(
    lambda rows: [
        Unreadable(number=number, reason="bad-price")
        if row is None
        else Line(
            number=number, invoice_no=row[0][0], quantity=row[0][1], description="A THING", **row[1]
        )
        for number, row in enumerate(rows, start=2)
    ]
)


@given(entries_of_a_file)
def test_every_line_is_decided_once_in_order(entries: Sequence[Entry]) -> None:
    made = plan(entries)
    assert [d.number for d in made.decisions] == [e.number for e in entries]
    taken = [d.number for d in made.decisions if d.is_taken]
    assert sorted(n for work in made.work for n in work.settles) == taken
    for decision, entry in zip(made.decisions, entries, strict=True):
        if decision.is_taken:
            assert isinstance(entry, Line)
            assert (decision.net, bool(decision.sale)) == (entry.net, True)
        else:
            assert (decision.net, decision.sale) == (0, "")


@given(entries_of_a_file)
def test_no_more_comes_back_than_was_sold_before(entries: Sequence[Entry]) -> None:
    left: defaultdict[tuple[str, Decimal], int] = defaultdict(int)
    for decision, entry in zip(plan(entries).decisions, entries, strict=True):
        if decision.is_taken and isinstance(entry, Line):
            kind = (entry.sku, entry.unit_price)
            left[kind] += entry.quantity
            assert left[kind] >= 0


@given(entries_of_a_file)
def test_refunds_take_back_what_their_lines_say(entries: Sequence[Entry]) -> None:
    made = plan(entries)
    by_number = {entry.number: entry for entry in entries}
    sales = {work.invoice_no: work for work in made.work if isinstance(work, Sale)}
    back: Counter[tuple[str, int]] = Counter()
    done: set[str] = set()
    for work in made.work:
        if isinstance(work, Sale):
            done.add(work.invoice_no)
            continue
        cancelled = [by_number[number] for number in work.settles]
        pieces = [(refund.sale, *piece) for refund in work.refunds for piece in refund.pieces]
        assert sum(p[2] for p in pieces) == -sum(line.quantity for line in cancelled)  # type: ignore[union-attr]
        assert {p[0] for p in pieces} <= done
        for sale, index, quantity in pieces:
            back[sale, index] += quantity
            assert quantity > 0
    for (sale, index), quantity in back.items():
        assert quantity <= sales[sale].lines[index].quantity


@given(entries_of_a_file)
def test_a_cancellation_stays_with_its_customer(entries: Sequence[Entry]) -> None:
    made = plan(entries)
    sales = {work.invoice_no: work for work in made.work if isinstance(work, Sale)}
    for decision, entry in zip(made.decisions, entries, strict=True):
        if decision.is_taken and isinstance(entry, Line) and entry.quantity < 0:
            customer = sales[decision.sale].customer
            assert customer
            assert entry.customer in ("", customer)


@given(entries_of_a_file)
def test_the_same_lines_are_decided_the_same_way(entries: Sequence[Entry]) -> None:
    first: tuple[Decision, ...] = plan(entries).decisions
    assert plan(list(entries)).decisions == first
