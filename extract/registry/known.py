"""An instance as one process knows it."""

from __future__ import annotations

import msgspec

from extract.registry.instance import Instance


class Known(msgspec.Struct, frozen=True):
    """``lapsed``: its lease ran out, or it is listed no more without having withdrawn, as after a
    flush. ``refused``: the last connection to it was refused. ``vanished``: it has been silent for
    long, as more than one process found (``silence``).
    """

    instance: Instance
    lapsed: bool = False
    withdrawn: bool = False
    drained: bool = False
    refused: bool = False
    vanished: bool = False

    @property
    def gone(self) -> bool:
        """Not to be used any more."""
        return self.withdrawn or self.drained or self.lost

    @property
    def lost(self) -> bool:
        """It ended without a goodbye. A lapsed lease alone is no death: the registry may have
        died."""
        return self.lapsed and (self.refused or self.vanished)
