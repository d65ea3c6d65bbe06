"""Work across services that ends whole: finished, or compensated."""

from extract.saga.definition import Saga, Step, saga_named
from extract.saga.engine import LeaseLost, run, start

__all__ = ["LeaseLost", "Saga", "Step", "run", "saga_named", "start"]
