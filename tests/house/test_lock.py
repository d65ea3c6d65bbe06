"""``requirements*.txt`` are what ``make lock`` makes of ``requirements*.in``.

Told without an index: by the two files and by what the installed distributions say they need.
"""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest
from packaging.version import Version

from tests.house.lock import ROOT, asked, here, lines, locked, needed

PAIRS = pytest.mark.parametrize("name", ["requirements", "requirements-dev", "requirements-sbom"])
INSTALLED = pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
MAKE = "Run make lock."


@PAIRS
def test_what_is_asked_for_is_locked_in_that_version(name: str) -> None:
    pins = here(locked(f"{name}.txt"))
    assert here(asked(f"{name}.in")).items() <= pins.items(), MAKE


@INSTALLED
def test_the_lock_holds_what_these_need_and_nothing_else(name: str) -> None:
    pins = here(locked(f"{name}.txt"))
    installed = {each: Version(version(each)) for each in pins}
    assert installed == pins, "The environment is not what the lock says. Run make test."
    assert needed(asked(f"{name}.in")) == set(pins), MAKE


@PAIRS
def test_each_has_its_hashes_and_comes_from_no_index_in_particular(name: str) -> None:
    line = re.compile(r"[a-z0-9-]+==[\w.]+( ; [^#]+?)?( --hash=sha256:[0-9a-f]{64})+")
    assert [each for each in lines(f"{name}.txt") if not line.fullmatch(each)] == [], MAKE
    assert "://" not in (ROOT / f"{name}.txt").read_text(), MAKE


def test_development_installs_what_the_product_does() -> None:
    assert set(lines("requirements.txt")) <= set(lines("requirements-dev.txt")), MAKE
