"""A small drawing surface: flat shapes with patterns, in a square of 100 × 100 units."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TypeAlias

import msgspec
from PIL import Image, ImageDraw

SIDE = 640
OVERSAMPLING = 2
UNIT = SIDE * OVERSAMPLING / 100

Point: TypeAlias = tuple[float, float]


class Palette(msgspec.Struct, frozen=True):
    """Colours as ``#rrggbb``: behind, below, the thing, what adorns it, its darkest part."""

    wall: str
    table: str
    main: str
    accent: str
    dark: str


class Shape(msgspec.Struct, frozen=True):
    """``kind`` is ellipse, box, polygon or pie; ``at`` its corners or points, in units."""

    kind: str
    at: tuple[float, ...]
    round: float = 0.0
    angles: tuple[float, float] = (0, 360)


def ellipse(x: float, y: float, rx: float, ry: float) -> Shape:
    """Around the centre (x, y)."""
    return Shape("ellipse", (x - rx, y - ry, x + rx, y + ry))


def box(left: float, top: float, right: float, bottom: float, round: float = 0.0) -> Shape:
    return Shape("box", (left, top, right, bottom), round)


def half(x: float, y: float, rx: float, ry: float) -> Shape:
    """The lower half of an ellipse, flat side up."""
    return Shape("pie", (x - rx, y - ry, x + rx, y + ry), angles=(0, 180))


def polygon(*points: Point) -> Shape:
    return Shape("polygon", tuple(value for point in points for value in point))


def petal(x: float, y: float, length: float, width: float, angle: float) -> Shape:
    """A leaf that begins at (x, y) and points ``angle`` degrees clockwise from upwards."""
    turn = math.radians(angle)
    sin, cos = math.sin(turn), math.cos(turn)
    steps = 12
    outline = [(width / 2 * math.sin(math.pi * i / steps), i / steps) for i in range(steps + 1)]
    both = outline + [(-across, along) for across, along in reversed(outline)]
    return polygon(
        *(
            (x + along * length * sin + across * cos, y - along * length * cos + across * sin)
            for across, along in both
        )
    )


class Canvas:
    """Shapes are drawn over one another; ``webp`` tells the finished picture."""

    def __init__(self, palette: Palette, pattern: str) -> None:
        self.palette = palette
        self.pattern = pattern
        side = SIDE * OVERSAMPLING
        self.image = Image.new("RGB", (side, side), palette.wall)
        self.draw = ImageDraw.Draw(self.image)

    def fill(self, shape: Shape, colour: str) -> None:
        _paint(self.draw, shape, colour)

    def line(self, points: Sequence[Point], colour: str, width: float) -> None:
        at = [(x * UNIT, y * UNIT) for x, y in points]
        self.draw.line(at, fill=colour, width=round(width * UNIT), joint="curve")
        for x, y in (points[0], points[-1]):
            self.fill(ellipse(x, y, width / 2, width / 2), colour)

    def arc(
        self, x: float, y: float, rx: float, ry: float, start: float, end: float, colour: str,
        width: float,
    ) -> None:  # fmt: skip
        at = [(x - rx) * UNIT, (y - ry) * UNIT, (x + rx) * UNIT, (y + ry) * UNIT]
        self.draw.arc(at, start, end, fill=colour, width=round(width * UNIT))

    def adorn(self, shape: Shape, colour: str, ornament: str, pattern: str = "") -> None:
        """Fill the shape and lay the picture's pattern over it."""
        mask = Image.new("L", self.image.size)
        _paint(ImageDraw.Draw(mask), shape, 255)
        layer = Image.new("RGB", self.image.size, colour)
        _ornament(ImageDraw.Draw(layer), pattern or self.pattern, ornament)
        self.image.paste(layer, mask=mask)

    def shade(self, shape: Shape, strength: float = 0.12) -> None:
        """Darken the shape's area a little."""
        mask = Image.new("L", self.image.size)
        _paint(ImageDraw.Draw(mask), shape, round(255 * strength))
        self.image.paste(Image.new("RGB", self.image.size, self.palette.dark), mask=mask)

    def webp(self) -> bytes:
        finished = self.image.reduce(OVERSAMPLING)
        out = io.BytesIO()
        finished.save(out, "WEBP", quality=80, method=2)
        return out.getvalue()


def _paint(draw: ImageDraw.ImageDraw, shape: Shape, colour: str | int) -> None:
    at = [value * UNIT for value in shape.at]
    if shape.kind == "ellipse":
        draw.ellipse(at, fill=colour)
    elif shape.kind == "box":
        draw.rounded_rectangle(at, radius=shape.round * UNIT, fill=colour)
    elif shape.kind == "pie":
        draw.pieslice(at, *shape.angles, fill=colour)
    else:
        draw.polygon(at, fill=colour)


def _ornament(draw: ImageDraw.ImageDraw, pattern: str, colour: str) -> None:
    if pattern == "stripes":
        for x in range(-4, 104, 6):
            _paint(draw, box(x, 0, x + 2, 100), colour)
    elif pattern == "bands":
        for y in range(0, 100, 7):
            _paint(draw, box(0, y, 100, y + 2.2), colour)
    elif pattern == "dots":
        for row, y in enumerate(range(2, 100, 6)):
            for x in range(2 + 4 * (row % 2), 100, 8):
                _paint(draw, ellipse(x, y, 1.3, 1.3), colour)
    elif pattern == "leaves":
        for row, y in enumerate(range(4, 104, 9)):
            for x in range(3 + 5 * (row % 2), 103, 10):
                _paint(draw, petal(x, y, 5.5, 2.6, -35), colour)
                _paint(draw, petal(x, y, 5.5, 2.6, 35), colour)
    elif pattern == "zigzag":
        for y in range(0, 104, 8):
            points = [(x, y + (3 if index % 2 else 0)) for index, x in enumerate(range(0, 104, 4))]
            at = [(x * UNIT, y * UNIT) for x, y in points]
            draw.line(at, fill=colour, width=round(1.2 * UNIT))
    elif pattern == "checks":
        for row, y in enumerate(range(0, 100, 5)):
            for x in range(5 * (row % 2), 100, 10):
                _paint(draw, box(x, y, x + 5, y + 5), colour)
    elif pattern == "dipped":
        _paint(draw, box(0, 0, 100, 52), colour)
