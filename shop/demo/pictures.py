"""Pictures for the demo products, drawn here: the same for the same product, every time."""

from __future__ import annotations

import hashlib

from shop.demo.canvas import Canvas, Palette
from shop.demo.motifs import MOTIFS

PATTERNS = ("plain", "stripes", "bands", "dots", "leaves", "zigzag", "checks", "dipped")
PALETTES = (
    Palette("#f3e9dc", "#e3d0b9", "#c8553d", "#f6d8ae", "#5b2e23"),
    Palette("#e6efe9", "#c9dccf", "#2f6f62", "#f2c57c", "#173f37"),
    Palette("#e9edf5", "#cfd8e8", "#35507a", "#f4d6cc", "#1d2b45"),
    Palette("#f7ecef", "#ebd3da", "#b3486b", "#f3e2b6", "#5f2237"),
    Palette("#f4f1e4", "#e2dcbf", "#8a8b3f", "#f1b24a", "#4a4a1c"),
    Palette("#ece8f3", "#d6cde6", "#6a4c93", "#ffd6a5", "#34244b"),
    Palette("#e5f1f4", "#c5dfe5", "#1f7a8c", "#ffe1c6", "#0f3f49"),
    Palette("#fbf0e3", "#f0d6b5", "#d08c3c", "#fff3dd", "#6b4217"),
)


def picture(motif: str, place: int) -> bytes:
    """A 640 × 640 WebP of the motif. ``place`` is the product's place in its category.

    Neighbours get different colours, and no motif the same colours and pattern twice.
    """
    start = hashlib.sha256(motif.encode()).digest()[0]
    colours = PALETTES[(start + 3 * place + place // len(PALETTES)) % len(PALETTES)]
    pattern = PATTERNS[(start + 5 * place + place // len(PALETTES)) % len(PATTERNS)]
    canvas = Canvas(colours, pattern)
    MOTIFS[motif](canvas)
    return canvas.webp()
