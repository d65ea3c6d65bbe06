"""Every table of the layer, for Django's model discovery."""

from extract.data.models import IdempotencyKey, Ownership
from extract.event.models import (
    Beat,
    EventSequence,
    InboxEvent,
    OutboxEvent,
    RelayLease,
    Verdict,
)
from extract.saga.models import SagaRun

__all__ = [
    "Beat",
    "EventSequence",
    "IdempotencyKey",
    "InboxEvent",
    "OutboxEvent",
    "Ownership",
    "RelayLease",
    "SagaRun",
    "Verdict",
]
