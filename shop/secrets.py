"""Secrets that nobody set: made once, kept in the data directory, readable by its owner only."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path


def kept_secret(directory: Path, name: str) -> str:
    """The data directory's secret of that name, made if there is none."""
    return kept(directory / "secrets" / name)


def kept(path: Path) -> str:
    """The secret in that file, made if there is none. Any number of processes may race.

    The file is complete before it gets its name, and the first one to be linked wins.
    """
    try:
        if not path.exists():
            _make(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        sys.exit(f"The secret {path} cannot be kept or read ({error.strerror}); check DATA_DIR.")


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
