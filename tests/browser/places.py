"""Where the browser finds the shop: one process, or a fleet behind its gateway."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.scenarios.doors import wait_for
from tests.scenarios.placements import APPS

if TYPE_CHECKING:
    from tests.fleets import Fleet

everywhere = pytest.mark.parametrize(
    ("shop_at", "screen"),
    [
        ("monolith", "desktop"),
        ("monolith", "phone"),
        ("all outside", "desktop"),
        ("all at home", "desktop"),
    ],
    indirect=True,
)
"""A test with ``visit`` and ``screen``, in every place; one screen is enough beyond the first."""


class Placed:
    """A fleet with one instance of each app, which are drained or enabled as an operator does.

    Not by this process's connections: beside a browser Django refuses them.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        listed = json.loads(self._extract("status", "--json").splitlines()[-1])["instances"]
        self._instances = [each["id"] for each in listed if each["app"] in APPS]
        self._placement = "all outside"

    def at(self, placement: str) -> str:
        """The base URL, once the gateway goes where the apps are to be."""
        if placement != self._placement:
            for instance in self._instances:
                self._extract("enable" if placement == "all outside" else "drain", instance)
            self._placement = placement
        wait_for(self.fleet.base_url, APPS if placement == "all outside" else ())
        return self.fleet.base_url

    def _extract(self, *arguments: str) -> str:
        done = self.fleet.manage("extract", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout
