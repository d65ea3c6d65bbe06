"""What numbers and dates mean. A table spells all of them in one way, which its cells tell."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal


class Decimals(enum.StrEnum):
    """What stands before the fraction of a number."""

    POINT = "point"
    COMMA = "comma"


class DateOrder(enum.StrEnum):
    """What comes first in a date of numbers such as 1/2/2010."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


_NUMBERS = {
    Decimals.POINT: re.compile(r"-?([0-9]{1,15}|[1-9][0-9]{0,2}(,[0-9]{3}){1,4})(\.[0-9]{1,15})?"),
    Decimals.COMMA: re.compile(r"-?([0-9]{1,15}|[1-9][0-9]{0,2}(\.[0-9]{3}){1,4})(,[0-9]{1,15})?"),
}
_WHOLE = re.compile(r"(-?[0-9]{1,15})[.,]0+")
_CLOCK = r"(?:[T ]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?: ?[AaPp][Mm])?)?"
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})" + _CLOCK)
_NUMBERED = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})" + _CLOCK)


def decimals(cells: Iterable[str]) -> Decimals | None:
    """How the numbers in ``cells`` are spelt: as most of them can be read; None if that cannot be
    told, since each can be read both ways and some mean another number then (1,234)."""
    only = dict.fromkeys(Decimals, 0)
    is_open = False
    for cell in cells:
        read = {style: number(cell, style) for style in Decimals}
        point, comma = read[Decimals.POINT], read[Decimals.COMMA]
        if point is None and comma is not None:
            only[Decimals.COMMA] += 1
        elif comma is None and point is not None:
            only[Decimals.POINT] += 1
        is_open = is_open or (None not in (point, comma) and point != comma)
    if only[Decimals.COMMA] != only[Decimals.POINT]:
        return max(Decimals, key=only.__getitem__)
    return None if is_open or any(only.values()) else Decimals.POINT


def number(text: str, style: Decimals) -> Decimal | None:
    """The number that ``text`` spells in that style, or None."""
    if not _NUMBERS[style].fullmatch(text):
        return None
    fraction, thousands = (".", ",") if style is Decimals.POINT else (",", ".")
    return Decimal(text.replace(thousands, "").replace(fraction, "."))


def whole(text: str) -> str:
    """``text`` without the ``.0`` that a spreadsheet adds to a number; other text as it is."""
    match = _WHOLE.fullmatch(text)
    return match[1] if match else text


def date_order(cells: Iterable[str]) -> DateOrder | None:
    """What comes first in the dates in ``cells``: as most of them can be read only one way tell;
    None if none or as many of each do."""
    only = dict.fromkeys(DateOrder, 0)
    for cell in cells:
        match = _NUMBERED.fullmatch(cell)
        if match and (int(match[1]) > 12) != (int(match[3]) > 12):
            is_day_first = int(match[1]) > 12
            only[DateOrder.DAY_FIRST if is_day_first else DateOrder.MONTH_FIRST] += 1
    if only[DateOrder.DAY_FIRST] == only[DateOrder.MONTH_FIRST]:
        return None
    return max(DateOrder, key=only.__getitem__)


def depends_on_order(cell: str) -> bool:
    """Whether ``cell`` is a date that means another day if month and day change places."""
    match = _NUMBERED.fullmatch(cell)
    return match is not None and match[1].zfill(2) != match[3].zfill(2)


def day_of(text: str, order: DateOrder) -> date | None:
    """The day that ``text`` names, whatever time of day it adds, or None."""
    if match := _ISO.fullmatch(text):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
    elif match := _NUMBERED.fullmatch(text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        day, month = (first, second) if order is DateOrder.DAY_FIRST else (second, first)
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
