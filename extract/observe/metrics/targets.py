"""The instances as Prometheus' HTTP discovery takes them."""

from __future__ import annotations

import msgspec
from django.conf import settings

from extract.registry import Kind, Tier, current_view
from extract.trust import HOME


class Target(msgspec.Struct, frozen=True):
    """``targets`` is one ``host:port``; its ``labels`` are added to all of its series."""

    targets: tuple[str, ...]
    labels: dict[str, str]


def targets(here: str) -> list[Target]:
    """Every live instance and worker, drained ones too, as this process knows them; in the
    monolith this process, which is reached at ``here``."""
    if (view := current_view()) is None:
        return [
            _target(
                here, HOME, settings.EXTRACT_INSTANCE, Tier.HOME, Kind.SERVER,
                settings.EXTRACT_VERSION,
            )
        ]  # fmt: skip
    instances = [known.instance for known in view.known() if not known.withdrawn and not known.lost]
    return [
        _target(each.address, each.role, each.id, each.tier, each.kind, each.version)
        for each in instances
    ]


def _target(address: str, role: str, id: str, tier: Tier, kind: Kind, version: str) -> Target:
    labels = {
        "app": role,
        "instance": id,
        "tier": tier.value,
        "kind": kind.value,
        "version": version,
        "__metrics_path__": "/internal/metrics",
    }
    return Target((address,), labels)
