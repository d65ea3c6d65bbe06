"""A small shop at peace, and ways to break it that its own code would not allow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connections, models

from apps.payment.models import Order
from apps.payment.replay import Replay
from extract.audit import Row, audit, invariants
from extract.data import owned, unguarded
from extract.event import background

SALES = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
700001,61001,COPPER LANTERN,3,3/1/2011,2.55,20011,United Kingdom
700001,61002,STRIPED TEA TOWEL,1,3/1/2011,10,20011,United Kingdom
700002,61001,COPPER LANTERN,5,4/1/2011,2.55,,Germany
C700003,61001,COPPER LANTERN,-1,5/1/2011,2.55,20011,United Kingdom
"""


def open_shop(directory: Path) -> Order:
    """Two paid orders, one of them partly refunded and returned; the events delivered."""
    path = directory / "sales.csv"
    path.write_text(SALES)
    replay = Replay(path)
    replay.run()
    background.drain()
    return Order.objects.get(pk=replay.orders["700001"])


def rows_breaking(sentence: str) -> list[Row]:
    """The rows that the audit reports for the invariant of that sentence."""
    (check,) = (known for known in invariants() if known.sentence == sentence)
    found = audit(checks=[check], delays=(0, 0))
    return list(found[0].rows) if found else []


def change(rows: models.QuerySet[Any], **values: Any) -> None:
    """Change rows as a careless hand would."""
    with owned(_alias(rows)):
        assert rows.update(**values)


def remove(rows: models.QuerySet[Any]) -> None:
    """Delete rows and what belongs to them."""
    with owned(_alias(rows)):
        assert rows.delete()[0]


@contextmanager
def without_constraint(alias: str, model: type[models.Model], name: str) -> Iterator[None]:
    """For the block, take a constraint off; the rows made under it go with the block."""
    constraints = model._meta.constraints
    (constraint,) = (c for c in constraints if c.name == name)
    before = set(model._default_manager.using(alias).values_list("pk", flat=True))
    model._meta.constraints = [c for c in constraints if c is not constraint]
    with unguarded(), connections[alias].schema_editor() as editor:
        editor.remove_constraint(model, constraint)
    try:
        yield
    finally:
        model._meta.constraints = constraints
        with owned(alias):
            model._default_manager.using(alias).exclude(pk__in=before).delete()
        with unguarded(), connections[alias].schema_editor() as editor:
            editor.add_constraint(model, constraint)


def _alias(rows: models.QuerySet[Any]) -> str:
    return rows._db or rows.model._meta.app_label  # type: ignore[attr-defined]
