"""Work across services that ends whole: finished, or compensated."""

from extract.saga.definition import Saga, Step, saga_named, sagas_of
from extract.saga.engine import LeaseLost, NotYet, ended, run, start, try_again

__all__ = [
    "LeaseLost",
    "NotYet",
    "Saga",
    "Step",
    "ended",
    "run",
    "saga_named",
    "sagas_of",
    "start",
    "try_again",
]
