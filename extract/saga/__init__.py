"""Work across services that ends whole: finished, or compensated."""

from extract.saga.definition import Saga, Step, saga_named
from extract.saga.engine import LeaseLost, NotYet, run, start, try_again

__all__ = ["LeaseLost", "NotYet", "Saga", "Step", "run", "saga_named", "start", "try_again"]
