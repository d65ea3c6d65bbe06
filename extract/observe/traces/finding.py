"""From what somebody has in hand to the traces that it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
import structlog
from django.conf import settings
from django.db import DatabaseError
from django.utils.module_loading import autodiscover_modules

from extract.observe.traces.elasticsearch import Elasticsearch
from extract.observe.traces.files import kept_files
from extract.observe.traces.hop import Trace
from extract.observe.traces.source import Source
from extract.observe.traces.tree import traces_of

logger = structlog.get_logger(__name__)

Names = Callable[[str], Iterable[str]]
_names: list[Names] = []


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was found for ``asked``. ``source``: elasticsearch or files."""

    asked: str
    source: str
    traces: list[Trace]


def names_of(function: Names) -> Names:
    """Declare what an app's things are called in the log, in its module ``tracing``.

    Given what somebody has in hand, such as an invoice's number or a customer's address, it tells
    the ids under which lines tell of it.
    """
    if function not in _names:
        _names.append(function)
    return function


def find(asked: str, *, where: Source | None = None) -> Found:
    """The traces about ``asked``: a correlation id, a trace's, or whatever an app knows names of.

    Raises ``SourceAway``.
    """
    where = where or source()
    asked = asked.strip()
    texts = dict.fromkeys([asked, *_other_names(asked)])
    correlation_ids = where.naming(list(texts)) if asked else set()
    lines = where.lines(correlation_ids) if correlation_ids else []
    return Found(asked=asked, source=where.name, traces=traces_of(lines))


def source() -> Source:
    """Elasticsearch if ``ELASTICSEARCH_URL`` is set, else this machine's files."""
    if settings.ELASTICSEARCH_URL:
        return Elasticsearch(settings.ELASTICSEARCH_URL)
    return kept_files()


def _other_names(asked: str) -> Iterable[str]:
    autodiscover_modules("tracing")
    for function in _names:
        try:
            yield from function(asked)
        except DatabaseError as error:
            # Who looks for what went wrong may do so while a database is away.
            logger.warning("trace.names_unknown", error=str(error))
