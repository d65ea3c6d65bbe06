"""Cells for whoever opens a CSV in a spreadsheet."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(text: str) -> str:
    """``text`` as a spreadsheet shows it and does not run it: what could begin a formula gets an
    apostrophe before it (OWASP, "CSV Injection")."""
    return f"'{text}" if text.startswith(_FORMULA) else text
