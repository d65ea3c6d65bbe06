"""Every table of the layer, for Django's model discovery."""

from extract.data.models import IdempotencyKey, Ownership
from extract.event.models import EventSequence, InboxEvent, OutboxEvent, RelayLease
from extract.saga.models import SagaRun

__all__ = [
    "EventSequence",
    "IdempotencyKey",
    "InboxEvent",
    "OutboxEvent",
    "Ownership",
    "RelayLease",
    "SagaRun",
]
