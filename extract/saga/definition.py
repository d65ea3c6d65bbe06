"""How an app declares a saga: steps in order, one of them the pivot.

Before the pivot every failure compensates; after it everything retries forward.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from extract.saga.models import SagaRun
from extract.testing.kill import KillPoint


class Step:
    """One step. ``act`` and ``undo`` may leave the database and may be repeated;
    ``record`` and ``record_undo`` run in the transaction that advances the saga's row,
    so each of them takes effect exactly once.
    """

    name: ClassVar[str]
    pivot: ClassVar[bool] = False
    undoable: ClassVar[bool] = True

    def act(self, run: SagaRun) -> Any:
        """Do it, outside any transaction. A ``DeclaredError`` is a refusal: it compensates."""

    def record(self, run: SagaRun, outcome: Any) -> None:
        """Write down what ``act`` returned; may change ``run.state``."""

    def undo(self, run: SagaRun) -> None:
        """Take it back, outside any transaction; also when it is unknown whether it happened."""

    def record_undo(self, run: SagaRun) -> None:
        """Write down that it was taken back."""


def _nothing(run: SagaRun) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Saga:
    """A saga of ``app``. ``patience`` is how long it may take to reach its pivot.

    ``compensated`` runs in the transaction that ends a compensation.
    """

    app: str
    name: str
    steps: tuple[Step, ...]
    patience: timedelta
    compensated: Callable[[SagaRun], None] = _nothing
    points: dict[str, KillPoint] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if sum(step.pivot for step in self.steps) != 1:
            raise TypeError(f"Saga {self.name} needs exactly one pivot.")
        if self.name in _sagas:
            raise TypeError(f"There are two sagas named {self.name}.")
        _sagas[self.name] = self
        self.points["started"] = KillPoint(f"saga.{self.name}.started")
        for step in self.steps:
            for moment in ("acting", "acted", "recorded", "undoing", "undone"):
                place = f"{step.name}.{moment}"
                self.points[place] = KillPoint(f"saga.{self.name}.{place}")

    def index(self, name: str) -> int:
        """The position of the step of that name."""
        return next(i for i, step in enumerate(self.steps) if step.name == name)


def sagas_of(app: str) -> tuple[Saga, ...]:
    """Those that the app has declared."""
    return tuple(saga for saga in _sagas.values() if saga.app == app)


_sagas: dict[str, Saga] = {}


def saga_named(name: str) -> Saga:
    """The declared saga of that name. Raises ``KeyError``."""
    return _sagas[name]
