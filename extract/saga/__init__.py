"""Work across services that ends whole: finished, or compensated."""

from extract.saga.definition import Saga, Step, saga_named
from extract.saga.engine import LeaseLost, resume_due, run, start

__all__ = ["LeaseLost", "Saga", "Step", "resume_due", "run", "saga_named", "start"]
