"""From when on a process counts, and what it tells besides."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from prometheus_client import ProcessCollector

from extract.observe.metrics import scraping  # noqa: F401  answers below /internal/
from extract.observe.metrics.from_children import FromChildren
from extract.observe.metrics.process import ThisProcess
from extract.observe.metrics.series import Observation, add, registry
from extract.observe.metrics.spans import observations
from extract.observe.metrics.stored import Stored
from extract.saga import Saga
from extract.saga import ended as saga_ended
from extract.trace import Span, add_sink
from extract.trust import HOME

_children: FromChildren | None = None
_is_started = False


def start() -> None:
    """In a process that serves, once it is the one that will: after any fork."""
    if _start(serves=True) and settings.EXTRACT_ROLE in ("", HOME):
        registry.register(Stored())


def start_in_worker() -> None:
    """In a worker's parent process, before it forks: its children do the work, and it has the
    door."""
    global _children
    if _start(serves=False):
        _children = FromChildren(add)
        _children.start()


def _start(*, serves: bool) -> bool:
    global _is_started
    if _is_started:
        return False
    _is_started = True
    registry.register(ThisProcess(serves=serves))
    ProcessCollector(registry=registry)
    add_sink(_count)
    saga_ended.connect(_count_saga)
    return True


def _count(span: Span) -> None:
    _tell(list(observations(span)))


def _count_saga(saga: Saga, status: str, **kwargs: Any) -> None:
    _tell([(("ended", saga.app, saga.name, str(status)), 1)])


def _tell(observed: list[Observation]) -> None:
    if _children is not None and _children.is_child:
        _children.tell(observed)
    else:
        add(observed)
