"""Which instances there are: they announce themselves, everyone keeps the last known list."""

from extract.registry.instance import Instance, Kind, Signed, Tier
from extract.registry.known import Known
from extract.registry.lb import NoInstance, resolve
from extract.registry.memory import InMemoryRegistry, Memory
from extract.registry.placement import choose
from extract.registry.presence import Presence
from extract.registry.process import current_view, join, leave, watch
from extract.registry.redis import RedisRegistry
from extract.registry.registry import Record, Registry, RegistryDown, Snapshot, Withdrawn
from extract.registry.view import View

__all__ = [
    "InMemoryRegistry",
    "Instance",
    "Kind",
    "Known",
    "Memory",
    "NoInstance",
    "Presence",
    "Record",
    "RedisRegistry",
    "Registry",
    "RegistryDown",
    "Signed",
    "Snapshot",
    "Tier",
    "View",
    "Withdrawn",
    "choose",
    "current_view",
    "join",
    "leave",
    "resolve",
    "watch",
]
