"""How the tests are shared among processes (pytest-xdist's ``-n``): by whole files, longest first.

A file stays together because its module's fixtures are dear (a served shop, a browser).
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    "[fleet-": "a fleet",
    "tests/scenarios/test_moving.py": "a fleet",
    "[monolith": "a monolith",
    "tests/api/": "tests/api",
    "tests/browser/": "tests/browser",
}
"""What is in a test's id → what it shares a dear fixture with, beyond its file."""

LONGEST_FIRST = (
    "a fleet",
    "tests/messages/test_working.py",
    "tests/fleet/test_workers.py",
    "tests/faults/event",
    "tests/faults/test_kill.py",
    "tests/queue",
    "tests/extract/event/test_dying.py",
    "tests/house/test_make_run.py",
    "tests/api",
    "tests/faults",
    "tests/browser",
    "tests/apps/payment/replay",
)
"""Groups that should begin early: one that begins last is waited for by all others."""


def is_sharing_out(config: pytest.Config) -> bool:
    """Whether this process hands tests out to others and runs none itself."""
    return bool(getattr(config.option, "numprocesses", None)) and not is_given_out(config)


def is_given_out(config: pytest.Config) -> bool:
    """Whether this process runs the tests that another one hands out."""
    return hasattr(config, "workerinput")


def share(items: list[pytest.Item]) -> None:
    """Bring the groups that take longest to the front; files and what is in them keep order."""
    items.sort(key=lambda item: _turn(_group(item.nodeid)))


class Sharing(LoadScopeScheduling):
    """Gives whole groups out. (xdist's own groups want to rename tests, which pytest 9.2 lacks.)"""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)


def _group(nodeid: str) -> str:
    groups = (group for part, group in TOGETHER.items() if part in nodeid)
    return next(groups, nodeid.partition("::")[0])


def _turn(group: str) -> int:
    turns = (turn for turn, start in enumerate(LONGEST_FIRST) if group.startswith(start))
    return next(turns, len(LONGEST_FIRST))
