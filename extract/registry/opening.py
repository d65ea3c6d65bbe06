"""Which of the registry's records may be believed."""

from __future__ import annotations

import structlog

from extract.registry.instance import Instance, Signed, Tier
from extract.registry.membership import Listed
from extract.registry.registry import Snapshot
from extract.trust import HOME, NotTrusted, Trust

logger = structlog.get_logger(__name__)


class Opening:
    """Verifies each record once, and complains of each that is wrong once."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._opened: dict[str, tuple[Signed, Instance | None]] = {}

    def listed(self, snapshot: Snapshot) -> dict[str, Listed]:
        """The believable records by id."""
        before, self._opened = self._opened, {}
        for record in snapshot.records:
            opened = before.get(record.id)
            if opened is None or opened[0] != record.signed:
                opened = (record.signed, self._open(record.id, record.signed))
            self._opened[record.id] = opened
        lapsed = {record.id for record in snapshot.records if record.lapsed}
        return {
            id: Listed(instance, id in lapsed)
            for id, (_, instance) in self._opened.items()
            if instance is not None
        }

    def _open(self, id: str, signed: Signed) -> Instance | None:
        try:
            instance = signed.open(self._trust)
            if instance.id != id:
                raise NotTrusted(f"{instance.name} is registered under another id")
            if (instance.tier is Tier.HOME) != (instance.role == HOME):
                raise NotTrusted(f"{instance.name} claims a tier that is not its role's")
        except NotTrusted as error:
            logger.warning("registry.untrusted_record", id=id, reason=str(error))
            return None
        return instance
