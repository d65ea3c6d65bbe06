"""Rows of any model as plain data, in pages that a contract call may carry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec
from django.db.models import BinaryField, Model, QuerySet

from extract.subject import Held

AT_ONCE = 500
"""Rows of one answer, and ids of one statement."""


Table = Callable[[], QuerySet[Any]]
"""Makes the rows of one table; asked when it is their turn."""


def held(tables: Sequence[QuerySet[Any] | Table], after: str) -> Held:
    """The next rows of ``tables``, from the beginning if ``after`` is "". Each row has a primary
    key, by which its table is gone through, and comes once."""
    position, _, last = after.partition(":")
    for number in range(int(position or 0), len(tables)):
        table = tables[number]
        rows = (table if isinstance(table, QuerySet) else table()).order_by("pk")
        if last:
            rows = rows.filter(pk__gt=last)
        model = rows.model
        key = model._meta.pk.attname
        found = list(rows.values(*columns(model))[: AT_ONCE + 1])
        if not found:
            last = ""
            continue
        more = f"{number + 1}:" if number + 1 < len(tables) else ""
        if len(found) > AT_ONCE:
            found.pop()
            more = f"{number}:{found[-1][key]}"
        return Held(table=model._meta.model_name or "", rows=tuple(map(text, found)), more=more)
    return Held()


def columns(model: type[Model]) -> list[str]:
    """The names of the model's columns, but of files' contents."""
    fields = model._meta.concrete_fields
    return [field.attname for field in fields if not isinstance(field, BinaryField)]


def text(row: dict[str, Any]) -> str:
    """The row as JSON: decimals and ids as text, times as RFC 3339 has them."""
    return msgspec.json.encode(row).decode()


def chunks(ids: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """``AT_ONCE`` of them at a time; one empty chunk if there are none."""
    rest = iter(ids)
    yield tuple(islice(rest, AT_ONCE))
    while some := tuple(islice(rest, AT_ONCE)):
        yield some
