"""Which instances there are: they announce themselves, everyone keeps the last known list."""

from extract.registry.base import Record, Registry, RegistryDown, Snapshot
from extract.registry.instance import Instance, Signed, Tier
from extract.registry.known import Known
from extract.registry.placement import choose

__all__ = [
    "Instance",
    "Known",
    "Record",
    "Registry",
    "RegistryDown",
    "Signed",
    "Snapshot",
    "Tier",
    "choose",
]
