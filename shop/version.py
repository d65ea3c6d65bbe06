"""Which code this is: the project's version, and the commit where it is a git checkout."""

from __future__ import annotations

import tomllib
from pathlib import Path

from shop.environment import BASE_DIR


def version() -> str:
    """As in ``0.1.0+1a2b3c4``."""
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]
    commit = _commit(BASE_DIR / ".git")
    return f"{project['version']}+{commit[:7]}" if commit else str(project["version"])


def _commit(git: Path) -> str:
    try:
        head = (git / "HEAD").read_text().strip()
        name = head.removeprefix("ref: ")
        if name == head or (git / name).exists():
            return head if name == head else (git / name).read_text().strip()
        packed = (line.split(" ") for line in (git / "packed-refs").read_text().splitlines())
        return next((line[0] for line in packed if line[1:] == [name]), "")
    except OSError:
        return ""
