"""Where the browser finds the shop: one process, or a fleet behind its gateway."""

from __future__ import annotations

import pytest

from tests.fleets import Fleet
from tests.scenarios.doors import wait_for
from tests.scenarios.placements import APPS

everywhere = pytest.mark.parametrize(
    ("shop_at", "screen"),
    [
        ("monolith", "desktop"),
        ("monolith", "phone"),
        ("all outside", "desktop"),
        ("all at home", "desktop"),
    ],
    indirect=True,
    scope="package",
)
"""A test with ``visit`` and ``screen``, in every place; one screen is enough beyond the first."""


class Placed:
    """A fleet with one instance of each app, which are drained or enabled as an operator does.

    Not by this process's connections: beside a browser Django refuses them.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self._instances = [id for app in APPS for id in fleet.instances(app)]
        self._placement = "all outside"

    def at(self, placement: str) -> str:
        """The base URL, once the gateway goes where the apps are to be."""
        fleet, verb = self.fleet, "enable" if placement == "all outside" else "drain"
        if placement != self._placement:
            for instance in self._instances:
                done = fleet.manage("extract", verb, instance)
                assert done.returncode == 0, done.stderr
            self._placement = placement
        wait_for(fleet.base_url, APPS if placement == "all outside" else ())
        return fleet.base_url
