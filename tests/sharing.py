"""How the tests are shared among processes (pytest-xdist's ``-n``): by whole files, longest first.

A file stays together because its module's fixtures are dear (a served shop, a browser).
"""

from __future__ import annotations

import os

import pytest

LONGEST_FIRST = (
    "tests/scenarios",
    "tests/faults/test_kill.py",
    "tests/house/test_make_run.py",
    "tests/api",
    "tests/faults",
    "tests/browser",
    "tests/apps/payment/replay",
)
"""Groups that should begin early: one that begins last is waited for by all others."""
TOGETHER = ("tests/api", "tests/browser", "tests/scenarios")
"""Directories that stay together like a file: their fixtures are the session's or the package's."""


def is_sharing_out(config: pytest.Config) -> bool:
    """Whether this process hands tests out to others and runs none itself."""
    return bool(getattr(config.option, "numprocesses", None)) and not is_given_out(config)


def is_given_out(config: pytest.Config) -> bool:
    """Whether this process runs the tests that another one hands out."""
    return hasattr(config, "workerinput")


def share(items: list[pytest.Item]) -> None:
    """Give each test its group, unless it names one, and bring the longest to the front."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=_turn)


def _group(item: pytest.Item) -> str:
    path = item.nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if path.startswith(folder + os.sep)), path)


def _turn(item: pytest.Item) -> int:
    """Where in line; sorting by it keeps files and what is in them in their order."""
    for turn, start in enumerate(LONGEST_FIRST):
        if item.nodeid.startswith(start):
            return turn
    return len(LONGEST_FIRST)
