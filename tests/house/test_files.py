"""Modules small enough to read at once, with names that say what is in them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("apps", "extract", "shop", "tests")
FILES = sorted(
    path.relative_to(ROOT)
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    if "migrations" not in path.parts
)
LIMIT = 400
"""Lines; about 300 is the aim."""
NAMELESS = {"utils", "util", "common", "helpers", "helper", "misc", "core"}


def test_modules_fit_in_the_head() -> None:
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in FILES}
    assert {path: length for path, length in lengths.items() if length > LIMIT} == {}


def test_names_say_something() -> None:
    assert [str(path) for path in FILES if NAMELESS & {path.stem, *path.parts}] == []
