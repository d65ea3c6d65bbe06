"""Figures as people read them."""

from __future__ import annotations

from collections.abc import Sequence

UNKNOWN = "?"
NONE = "–"


def age(seconds: float | None) -> str:
    """``3 s``, ``12 min``, ``5 h``, ``4 days``."""
    if seconds is None:
        return UNKNOWN
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def took(seconds: float | None) -> str:
    """``0.4 ms``, ``35 ms``, ``1.2 s``."""
    if seconds is None:
        return NONE
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def rate(a_second: float) -> str:
    """``12/s``, ``0.3/s``, and by the minute or the hour what is rarer."""
    if a_second >= 10 or a_second == 0:
        return f"{a_second:.0f}/s"
    if a_second >= 0.1:
        return f"{a_second:.1f}/s"
    a_minute = a_second * 60
    return f"{a_minute:.1f}/min" if a_minute >= 0.2 else f"{a_minute * 60:.1f}/h"


def memory(size: int | None) -> str:
    return UNKNOWN if size is None else f"{size / 1e6:.0f} MB"


def share(part: int, whole: int) -> str:
    """``none``, or how many and how much of all that is."""
    if not part:
        return "none"
    percent = 100 * part / max(whole, 1)
    return f"{part} ({percent:.0f}%)" if percent >= 1 else f"{part} ({percent:.1f}%)"


WIDTH, HEIGHT = 96, 22
"""Of a sparkline."""


def sparkline(values: Sequence[float]) -> str:
    """An SVG path through the values, the greatest of them at the top, zero at the bottom."""
    top = max(values, default=0.0) or 1.0
    step = WIDTH / max(len(values) - 1, 1)
    points = (
        f"{place * step:.1f} {1 + (HEIGHT - 2) * (1 - value / top):.1f}"
        for place, value in enumerate(values)
    )
    return "M" + " L".join(points) if values else ""
