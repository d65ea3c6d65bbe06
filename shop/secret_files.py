"""Secrets that a file tells instead of the environment, as Docker and Kubernetes hand them out:
``PAYMENT_SECRET_KEY_FILE`` names the file with ``PAYMENT_SECRET_KEY``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

SUFFIX = "_FILE"
SECRET = ("_KEY", "_KEYS", "_URL", "_SECRET", "_ISSUER", "_TOKEN")
"""How the names of variables end that may hold one (a URL has a password), or lie beside one."""


def is_secret(name: str) -> bool:
    return name.endswith(SECRET)


def told_by_files(names: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """What files tell of the variables ``names``, and a sentence for each that cannot work."""
    told: dict[str, Any] = {}
    mistakes = []
    for name in filter(is_secret, names):
        if not (file := os.environ.get(f"{name}{SUFFIX}")):
            continue
        if os.environ.get(name):
            mistakes.append(f"  {name}{SUFFIX}: {name} is set as well; unset one of the two.")
            continue
        try:
            told[name] = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            mistakes.append(f"  {name}{SUFFIX}: {file} cannot be read ({reason}).")
    return told, mistakes
