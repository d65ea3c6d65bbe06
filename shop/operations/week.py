"""Sales and refunds of seven days, each beside the same day a week before: a table and a chart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial

import msgspec
from django.db import models
from django.utils import timezone

from apps.payment.models import Order, Refund
from apps.payment.queries import refunds_by_day, sales_by_day
from shop.operations.reading import Reading, list_of

DAYS = 7
HEIGHT = 200.0
DAY_WIDTH, BAR_WIDTH = 100, 40
"""Of the chart, in its own units: it is stretched to the page."""

ByDay = dict[date, Decimal]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A sort of money; ``listed`` is what the list of the model is told to show it alone."""

    name: str
    model: type[models.Model]
    by_day: Callable[[datetime], ByDay]
    moment: str
    listed: dict[str, str]


SALES = Kind(
    name="Sales",
    model=Order,
    by_day=sales_by_day,
    moment="placed_at",
    listed={"status__in": ",".join(Order.PAID_STATES)},
)
REFUNDS = Kind(
    name="Refunds",
    model=Refund,
    by_day=refunds_by_day,
    moment="created_at",
    listed={"status__exact": Refund.Status.DONE},
)


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """``style`` is what its bars are called in the style sheet; ``total`` is of the seven days."""

    name: str
    style: str
    total: Decimal


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A day's sum, the list of what it sums up, and its bar in the chart."""

    sum: Decimal
    link: str
    style: str
    x: int
    y: float
    height: float


class Row(msgspec.Struct, frozen=True, kw_only=True):
    day: date
    cells: tuple[Cell, ...]


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """``axis`` is where in the chart nothing is: sales stand on it, refunds hang from it."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    axis: float


def week(reading: Reading) -> Week | None:
    """Of what the reader may see; None if that is nothing, or payment's database is away."""
    today = timezone.localdate()
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    since = _begins(days[0] - timedelta(days=DAYS))
    kinds = [kind for kind in (SALES, REFUNDS) if reading.may_see(kind.model)]
    found = [reading.ask("payment", partial(kind.by_day, since)) for kind in kinds]
    known = [(kind, sums) for kind, sums in zip(kinds, found, strict=True) if sums is not None]
    return _drawn(days, known) if known and len(known) == len(kinds) else None


def _drawn(days: list[date], known: list[tuple[Kind, ByDay]]) -> Week:
    highest = {kind.name: float(max(sums.values(), default=0)) for kind, sums in known}
    unit = HEIGHT / (sum(highest.values()) or 1)
    axis = unit * highest.get(SALES.name, 0)
    columns, of_days = [], [list[Cell]() for _ in days]
    for kind, sums in known:
        for weeks_ago, when in ((0, ""), (1, ", a week before")):
            style = kind.name.lower() + "-before" * weeks_ago
            total = Decimal(0)
            for at, day in enumerate(days):
                day -= timedelta(weeks=weeks_ago)
                amount = sums.get(day, Decimal(0))
                total += amount
                height = unit * float(amount)
                of_days[at].append(
                    Cell(
                        sum=amount,
                        link=_list_of_day(kind, day),
                        style=style,
                        x=at * DAY_WIDTH + 10 + BAR_WIDTH * (1 - weeks_ago),
                        y=axis - height if kind is SALES else axis,
                        height=height,
                    )
                )
            columns.append(Column(name=kind.name + when, style=style, total=total))
    rows = (Row(day=day, cells=tuple(cells)) for day, cells in zip(days, of_days, strict=True))
    return Week(columns=tuple(columns), rows=tuple(rows), axis=axis)


def _list_of_day(kind: Kind, day: date) -> str:
    between = {
        f"{kind.moment}__gte": _begins(day).isoformat(),
        f"{kind.moment}__lt": _begins(day + timedelta(days=1)).isoformat(),
    }
    return list_of(kind.model, **kind.listed, **between)


def _begins(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
