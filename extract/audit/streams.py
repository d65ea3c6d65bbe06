"""Comparing tables of several databases row by row, without holding them in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import models

CHUNK = 2000


def by_key(rows: models.QuerySet[Any], key: str, *fields: str) -> Iterator[tuple[Any, ...]]:
    """Tuples of ``key`` and ``fields``, ordered by key, read in chunks."""
    return rows.order_by(key).values_list(key, *fields).iterator(chunk_size=CHUNK)


def side_by_side(
    *streams: Iterable[tuple[Any, ...]],
) -> Iterator[tuple[Any, tuple[list[tuple[Any, ...]], ...]]]:
    """For each key in any of the streams, in order: the key and each stream's rows of it.

    Streams are tuples that begin with the key and are ordered by it, as ``by_key`` reads
    them. A row comes without its key.
    """
    sources = [iter(stream) for stream in streams]
    heads = [next(source, None) for source in sources]
    while waiting := [head[0] for head in heads if head is not None]:
        key = min(waiting)
        found: tuple[list[tuple[Any, ...]], ...] = tuple([] for _ in sources)
        for index, source in enumerate(sources):
            head = heads[index]
            while head is not None and head[0] == key:
                found[index].append(head[1:])
                head = next(source, None)
            heads[index] = head
        yield key, found
