"""The file that says which instance does what to invoices."""

from __future__ import annotations

import json
import time
from pathlib import Path

SLOW_SECONDS = 1.5
FILE = "faults.json"


class Planted(RuntimeError):
    """What an instance raises that is to fail."""


def plant(directory: Path, *, raises: str = "", slow: str = "") -> None:
    """From now on, have the instances of these ids raise, or take long, over each invoice."""
    draft = directory / f"{FILE}.new"
    draft.write_text(json.dumps({"raises": raises, "slow": slow}))
    draft.replace(directory / FILE)


def suffer(directory: Path, instance: str) -> None:
    """Do what is planted for this instance."""
    path = directory / FILE
    planted = json.loads(path.read_text()) if path.exists() else {}
    if planted.get("raises") == instance:
        raise Planted("this instance is broken")
    if planted.get("slow") == instance:
        time.sleep(SLOW_SECONDS)
