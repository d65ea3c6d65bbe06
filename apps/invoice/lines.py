"""What the lines of a document must be like before it gets a number, and what they sum to."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

import msgspec

from apps.invoice.contract import DocumentLine
from apps.product.contract import PENNY, penny

ZERO = Decimal("0.00")


class LinesDoNotAddUp(ValueError):
    """A document was asked for whose lines cannot stand on one; no number was taken."""

    def __init__(self, reference: object, reason: str) -> None:
        super().__init__(f"No document was issued for {reference}: {reason}.")


class Amounts(Protocol):
    """Anything with the amounts of a line."""

    @property
    def net(self) -> Decimal: ...

    @property
    def vat_rate(self) -> Decimal: ...

    @property
    def vat(self) -> Decimal: ...


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What lines sum to, to the penny."""

    net: Decimal
    vat: Decimal

    @property
    def total(self) -> Decimal:
        return self.net + self.vat


class VatRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the VAT table: all lines of one rate, in percent."""

    rate: Decimal
    net: Decimal
    vat: Decimal

    @property
    def total(self) -> Decimal:
        return self.net + self.vat


def totals(lines: Iterable[Amounts]) -> Totals:
    """The sums over all lines."""
    lines = tuple(lines)
    return Totals(
        net=sum((line.net for line in lines), ZERO), vat=sum((line.vat for line in lines), ZERO)
    )


def vat_table(lines: Iterable[Amounts]) -> tuple[VatRow, ...]:
    """One row for each VAT rate among the lines, highest rate first."""
    by_rate: dict[Decimal, list[Amounts]] = {}
    for line in lines:
        by_rate.setdefault(line.vat_rate.normalize(), []).append(line)
    rows = []
    for rate in sorted(by_rate, reverse=True):
        sums = totals(by_rate[rate])
        rows.append(VatRow(rate=rate, net=sums.net, vat=sums.vat))
    return tuple(rows)


def check_lines(reference: object, lines: tuple[DocumentLine, ...]) -> Totals:
    """The lines' totals. Raises ``LinesDoNotAddUp`` when a line is wrong or there is none."""
    if not lines:
        raise LinesDoNotAddUp(reference, "it has no lines")
    for line in lines:
        if reason := _mistake(line):
            raise LinesDoNotAddUp(reference, f"the line of {line.sku!r} {reason}")
    return totals(lines)


def _mistake(line: DocumentLine) -> str:
    if line.quantity < 1:
        return f"has a quantity of {line.quantity}"
    if min(line.unit_price, line.net, line.vat, line.vat_rate) < 0:
        return "has a negative amount"
    if any(penny(amount) != amount for amount in (line.unit_price, line.net, line.vat)):
        return "has an amount finer than a penny"
    if line.net != penny(line.quantity * line.unit_price):
        return f"says {line.quantity} × {line.unit_price} = {line.net}"
    # A refund in parts spreads a line's VAT over them, so each is exact to a penny only; and to a
    # penny and a half if an earlier release spread the parts before it.
    if abs(line.vat - line.net * line.vat_rate / 100) > PENNY * 3 / 2:
        return f"says {line.vat_rate} % VAT of {line.net} = {line.vat}"
    return ""
