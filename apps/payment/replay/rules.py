"""Decides which lines are taken. Pure: the same lines in the same order, the same decisions.

An invoice's lines become one order, its customer the first one that a line of it names. A
cancellation or negative line goes back to an earlier sale of the same customer, product
and unit price that has enough pieces left: the newest that suffices alone, else the newest
ones together. A guest's cancellation is refused, for nothing says whose sale it takes back.
What cost nothing is neither sold nor taken back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeAlias

import msgspec

from apps.payment.replay.countries import country_code
from apps.payment.replay.lines import Entry, Line

LARGEST_INVOICE = Decimal(100_000_000)
LONGEST_INVOICE = 5_000
FEWEST_DIGITS = 3
"""In a product's code. POST, DOT, M, D, C2, BANK CHARGES and their like have fewer."""


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of an invoice that become its order, in order; placed on ``day``."""

    invoice_no: str
    customer: str
    country: str
    day: date
    lines: tuple[Line, ...]

    @property
    def settles(self) -> tuple[int, ...]:
        """The numbers of the file's lines that are done when this is."""
        return tuple(line.number for line in self.lines)


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """What an invoice takes back of one earlier sale: (index of the sale's line, pieces)."""

    sale: str
    pieces: tuple[tuple[int, int], ...]


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """All that an invoice takes back, as a refund for each sale concerned."""

    invoice_no: str
    refunds: tuple[Refund, ...]
    settles: tuple[int, ...]


Work: TypeAlias = Sale | Return


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one line: taken into the order of invoice ``sale``, or a reason."""

    number: int
    invoice_no: str
    stock_code: str
    reason: str = ""
    sale: str = ""
    net: Decimal = Decimal("0.00")

    @property
    def is_taken(self) -> bool:
        return not self.reason


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One decision per line, in their order, and the work they make, in the order to do it."""

    decisions: tuple[Decision, ...]
    work: tuple[Work, ...]


class _Lot(msgspec.Struct, kw_only=True):
    """A sold line, and how many of its pieces have not come back."""

    invoice_no: str
    index: int
    day: date
    left: int


def plan(entries: Sequence[Entry]) -> Plan:
    """Decide every line of a file."""
    return _Planner(entries).plan()


class _Planner:
    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.customers: dict[str, str] = {}
        self.countries: dict[str, str] = {}
        for entry in entries:
            if isinstance(entry, Line):
                if entry.customer:
                    self.customers.setdefault(entry.invoice_no, entry.customer)
                self.countries.setdefault(entry.invoice_no, entry.country)
        self.sold: defaultdict[str, list[Line]] = defaultdict(list)
        self.totals: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.lots: defaultdict[tuple[str, str, Decimal], list[_Lot]] = defaultdict(list)
        self.given: set[tuple[str, str]] = set()
        """Customer and product of what was sold at price zero."""
        self.returned: defaultdict[str, list[tuple[Line, list[tuple[_Lot, int]]]]]
        self.returned = defaultdict(list)

    def plan(self) -> Plan:
        decisions = tuple(self._decide(entry) for entry in self.entries)
        sales = [(lines[0].number, self._sale(lines)) for lines in self.sold.values()]
        returns = [(took[-1][0].number, self._return(took)) for took in self.returned.values()]
        # A sale is due at its first line and a return at its last: what is taken back exists.
        work: list[tuple[int, Work]] = [*sales, *returns]
        in_order = tuple(each for _, each in sorted(work, key=lambda due: due[0]))
        return Plan(decisions=decisions, work=in_order)

    def _decide(self, entry: Entry) -> Decision:
        reason, sale = entry.reason if not isinstance(entry, Line) else "", ""
        if isinstance(entry, Line):
            reason = self._unfit(entry)
            if not reason:
                reason, sale = self._sell(entry) if entry.quantity > 0 else self._take_back(entry)
        return Decision(
            number=entry.number,
            invoice_no=entry.invoice_no,
            stock_code=entry.stock_code,
            reason=reason,
            sale=sale,
            net=entry.net if isinstance(entry, Line) and not reason else Decimal("0.00"),
        )

    def _unfit(self, line: Line) -> str:
        if sum(sign.isdigit() for sign in line.stock_code) < FEWEST_DIGITS:
            return "not-a-product"
        if " " in line.stock_code:
            return "bad-stock-code"
        if line.customer and line.customer != self.customers[line.invoice_no]:
            return "other-customer"
        if line.country != self.countries[line.invoice_no]:
            return "other-country"
        if not country_code(line.country):
            return "unknown-country"
        if not line.unit_price:
            self.given.add(self._kind(line)[:2])
            return "zero-price"
        return ""

    def _sell(self, line: Line) -> tuple[str, str]:
        invoice_no = line.invoice_no
        if invoice_no[0] in "Cc":
            return "positive-cancellation", ""
        lines = self.sold.get(invoice_no, [])
        if self.totals[invoice_no] + line.net > LARGEST_INVOICE or len(lines) >= LONGEST_INVOICE:
            return "invoice-too-large", ""
        lot = _Lot(invoice_no=invoice_no, index=len(lines), day=line.day, left=line.quantity)
        self.totals[invoice_no] += line.net
        self.sold[invoice_no].append(line)
        self.lots[self._kind(line)].append(lot)
        return "", invoice_no

    def _take_back(self, line: Line) -> tuple[str, str]:
        if not self.customers.get(line.invoice_no):
            return "guest-cancellation", ""
        earlier = [lot for lot in self.lots.get(self._kind(line), ()) if lot.day <= line.day]
        pieces = _spread(earlier, -line.quantity)
        if not pieces:
            was_given = self._kind(line)[:2] in self.given
            return "sold-at-price-zero" if was_given else "no-matching-sale", ""
        for lot, quantity in pieces:
            lot.left -= quantity
        self.returned[line.invoice_no].append((line, pieces))
        return "", pieces[0][0].invoice_no

    def _kind(self, line: Line) -> tuple[str, str, Decimal]:
        return self.customers.get(line.invoice_no, ""), line.sku, line.unit_price

    def _sale(self, lines: list[Line]) -> Sale:
        invoice_no = lines[0].invoice_no
        return Sale(
            invoice_no=invoice_no,
            customer=self.customers.get(invoice_no, ""),
            country=self.countries[invoice_no],
            day=lines[0].day,
            lines=tuple(lines),
        )

    def _return(self, took: list[tuple[Line, list[tuple[_Lot, int]]]]) -> Return:
        by_sale: dict[str, dict[int, int]] = {}
        for lot, quantity in (piece for _, pieces in took for piece in pieces):
            of_sale = by_sale.setdefault(lot.invoice_no, {})
            of_sale[lot.index] = of_sale.get(lot.index, 0) + quantity
        return Return(
            invoice_no=took[0][0].invoice_no,
            refunds=tuple(
                Refund(sale=sale, pieces=tuple(sorted(pieces.items())))
                for sale, pieces in by_sale.items()
            ),
            settles=tuple(line.number for line, _ in took),
        )


def _spread(lots: Iterable[_Lot], wanted: int) -> list[tuple[_Lot, int]]:
    """Which lots give how many of ``wanted`` pieces; nothing if they do not have as many."""
    newest_first = [lot for lot in lots if lot.left][::-1]
    for lot in newest_first:
        if lot.left >= wanted:
            return [(lot, wanted)]
    pieces: list[tuple[_Lot, int]] = []
    for lot in newest_first:
        quantity = min(lot.left, wanted)
        if quantity:
            pieces.append((lot, quantity))
            wanted -= quantity
    return [] if wanted else pieces
