"""What ``requirements*.in`` ask for, what ``requirements*.txt`` lock, and what needs what."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]


def asked(name: str) -> list[Requirement]:
    """The direct dependencies that a file names, and those of the files that it includes."""
    found = []
    for line in (ROOT / name).read_text().splitlines():
        if line.startswith("-r "):
            found += asked(line.removeprefix("-r "))
        elif line and not line.startswith("#"):
            found.append(Requirement(line))
    return found


def lines(name: str) -> list[str]:
    """What a lock says: each requirement with its hashes in one line, without the comments."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / name).read_text(), flags=re.M)
    return re.sub(r"\s*\\\n\s*", " ", text).splitlines()


def locked(name: str) -> list[Requirement]:
    """The pins of a lock, those for other machines and Pythons, too."""
    return [Requirement(line.partition(" --hash=")[0]) for line in lines(name)]


def here(pins: Iterable[Requirement]) -> dict[str, Version]:
    """The versions, by canonical name, that this machine and Python install of them."""
    return {
        canonicalize_name(each.name): Version(str(each.specifier).removeprefix("=="))
        for each in pins
        if each.marker is None or each.marker.evaluate()
    }


def needed(direct: Iterable[Requirement]) -> set[str]:
    """These and all that they need in turn, as the installed distributions have it."""
    found: set[tuple[str, str]] = set()
    waiting = [(each.name, extra) for each in direct for extra in ("", *each.extras)]
    while waiting:
        name, extra = waiting.pop()
        if (canonicalize_name(name), extra) in found:
            continue
        found.add((canonicalize_name(name), extra))
        for each in map(Requirement, requires(name) or []):
            if each.marker is None or each.marker.evaluate({"extra": extra}):
                waiting += [(each.name, wanted) for wanted in ("", *each.extras)]
    return {name for name, _ in found}
