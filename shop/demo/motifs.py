"""What the pictures show: one function per kind of thing, each drawing on a laid table."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from shop.demo.canvas import Canvas, box, ellipse, half, petal, polygon

Motif: TypeAlias = Callable[[Canvas], None]

FLAME, GLOW, WOOD, STEM = "#ffb347", "#fff1cf", "#b98a5a", "#5c7f4f"


def _table(c: Canvas, shadow: float = 26, at: float = 80) -> None:
    c.fill(box(0, 68, 100, 100), c.palette.table)
    c.shade(ellipse(50, at, shadow, 3.2), 0.16)


def mug(c: Canvas) -> None:
    _table(c)
    c.arc(68, 56, 11, 12, 0, 360, c.palette.main, 4)
    c.adorn(box(32, 38, 67, 80, 6), c.palette.main, c.palette.accent)
    c.shade(box(59, 38, 67, 80, 5))
    c.fill(ellipse(49.5, 39, 17.5, 4), c.palette.dark)
    for x in (42, 50, 58):
        c.line([(x, 30), (x + 1.5, 26), (x - 1, 22), (x + 1, 18)], c.palette.table, 1.1)


def bowl(c: Canvas) -> None:
    _table(c)
    c.fill(box(40, 74, 60, 80, 2), c.palette.dark)
    c.adorn(half(50, 50, 31, 28), c.palette.main, c.palette.accent)
    c.fill(ellipse(50, 50, 31, 6.5), c.palette.dark)
    for x, y in ((38, 47), (47, 45), (56, 46), (63, 48)):
        c.fill(ellipse(x, y, 5, 4.6), c.palette.accent)


def board(c: Canvas) -> None:
    c.fill(box(0, 68, 100, 100), c.palette.table)
    c.shade(box(30, 31, 73, 87, 8))
    c.fill(box(46, 12, 56, 36, 4), WOOD)
    c.fill(ellipse(51, 17, 2.2, 2.2), c.palette.wall)
    c.adorn(box(29, 28, 72, 85, 8), WOOD, "#a87747", "stripes")
    c.adorn(ellipse(44, 62, 11, 10), c.palette.main, c.palette.accent)
    for angle in (-40, 0, 40):
        c.fill(petal(60, 52, 14, 5, angle), STEM)


def teapot(c: Canvas) -> None:
    _table(c, 30)
    c.arc(70, 57, 13, 14, -90, 90, c.palette.main, 4)
    c.fill(polygon((36, 56), (36, 68), (18, 45), (23, 43)), c.palette.main)
    c.adorn(ellipse(51, 60, 23, 20), c.palette.main, c.palette.accent)
    c.fill(ellipse(51, 42, 12, 3.4), c.palette.dark)
    c.fill(ellipse(51, 38, 3.4, 3.4), c.palette.dark)


def jar(c: Canvas) -> None:
    _table(c)
    c.adorn(box(31, 34, 69, 80, 7), c.palette.main, c.palette.accent)
    c.shade(box(61, 34, 69, 80, 6))
    c.fill(box(34, 25, 66, 36, 3), WOOD)
    c.fill(box(38, 50, 62, 64, 2), c.palette.wall)
    c.fill(petal(50, 62, 9, 5, -25), c.palette.dark)
    c.fill(petal(50, 62, 9, 5, 25), c.palette.main)


def cakestand(c: Canvas) -> None:
    _table(c)
    c.fill(polygon((46, 58), (54, 58), (62, 80), (38, 80)), c.palette.main)
    c.fill(ellipse(50, 57, 32, 4.5), c.palette.main)
    c.adorn(box(31, 36, 69, 56, 4), c.palette.accent, c.palette.wall, "bands")
    c.fill(box(31, 34, 69, 41, 3.5), c.palette.dark)
    for x in (36, 45, 55, 64):
        c.fill(ellipse(x, 33, 3, 3), c.palette.main)


def candle(c: Canvas) -> None:
    _table(c)
    c.fill(ellipse(50, 27, 15, 17), GLOW)
    c.fill(petal(50, 36, 17, 9, 0), FLAME)
    c.line([(50, 42), (50, 34)], c.palette.dark, 0.9)
    c.adorn(box(34, 42, 66, 80, 4), c.palette.main, c.palette.accent)
    c.fill(ellipse(50, 42.5, 16, 3.4), c.palette.accent)
    c.fill(box(40, 55, 60, 70, 1.5), c.palette.wall)
    c.line([(44, 61), (56, 61)], c.palette.dark, 0.9)
    c.line([(46, 65), (54, 65)], c.palette.dark, 0.9)


def tealight(c: Canvas) -> None:
    _table(c)
    c.fill(ellipse(50, 48, 34, 30), GLOW)
    c.adorn(polygon((31, 50), (69, 50), (62, 80), (38, 80)), c.palette.main, c.palette.accent)
    c.fill(ellipse(50, 50, 19, 4), c.palette.dark)
    c.fill(petal(50, 51, 15, 8, 0), FLAME)


def lantern(c: Canvas) -> None:
    _table(c)
    c.arc(50, 26, 11, 12, 180, 360, c.palette.dark, 1.8)
    c.fill(polygon((34, 36), (66, 36), (58, 26), (42, 26)), c.palette.main)
    c.fill(box(35, 36, 65, 76), GLOW)
    c.fill(petal(50, 60, 16, 8, 0), FLAME)
    c.adorn(box(43, 60, 57, 76, 1), c.palette.accent, c.palette.wall)
    for x in (34, 48.9, 63.8):
        c.fill(box(x, 36, x + 2.2, 76), c.palette.main)
    c.fill(box(31, 75, 69, 80, 1.5), c.palette.main)


def stringlights(c: Canvas) -> None:
    for y, sag in ((20, 16), (44, 18), (68, 14)):
        at = [(x, y + sag * math.sin(math.pi * x / 100)) for x in range(-2, 104, 2)]
        c.line(at, c.palette.dark, 0.8)
        for index, (x, height) in enumerate(at[4::6]):
            c.fill(ellipse(x, height + 5, 6, 6), GLOW)
            c.fill(petal(x, height + 10, 9, 6, 0), (FLAME, c.palette.main)[index % 2])


def lamp(c: Canvas) -> None:
    _table(c)
    c.fill(ellipse(50, 36, 40, 32), GLOW)
    c.fill(box(48.5, 44, 51.5, 60), c.palette.dark)
    c.fill(ellipse(50, 67, 13, 12), c.palette.main)
    c.fill(box(40, 76, 60, 80, 2), c.palette.dark)
    shade = polygon((38, 17), (62, 17), (73, 48), (27, 48))
    c.adorn(shade, c.palette.accent, c.palette.main)


def card(c: Canvas) -> None:
    _table(c, 32)
    c.fill(polygon((24, 79), (52, 83), (52, 27), (24, 31)), c.palette.dark)
    c.adorn(
        polygon((36, 28), (76, 24), (76, 80), (36, 80)), c.palette.wall, c.palette.table, "dots"
    )
    c.fill(ellipse(56, 50, 13, 13), c.palette.main)
    for angle in range(0, 360, 60):
        c.fill(petal(56, 50, 13, 7, angle), c.palette.accent)
    c.fill(ellipse(56, 50, 3, 3), c.palette.dark)
    c.line([(46, 71), (66, 70)], c.palette.main, 1.2)


def wrap(c: Canvas) -> None:
    _table(c, 30)
    c.adorn(box(24, 40, 76, 80, 1), c.palette.main, c.palette.accent, "leaves")
    c.fill(box(46, 40, 54, 80), c.palette.dark)
    c.adorn(box(21, 34, 79, 46, 1), c.palette.main, c.palette.accent, "leaves")
    c.fill(box(46, 34, 54, 46), c.palette.dark)
    c.fill(petal(50, 34, 20, 11, -50), c.palette.dark)
    c.fill(petal(50, 34, 20, 11, 50), c.palette.dark)


def notebook(c: Canvas) -> None:
    c.shade(box(30, 20, 74, 84, 3))
    c.fill(box(29, 19, 73, 83, 2), c.palette.wall)
    c.adorn(box(27, 17, 71, 81, 2.5), c.palette.main, c.palette.accent)
    c.fill(box(27, 17, 34, 81, 2.5), c.palette.dark)
    c.fill(box(41, 30, 64, 45, 1), c.palette.wall)
    c.line([(45, 35.5), (60, 35.5)], c.palette.dark, 0.9)
    c.line([(45, 40), (55, 40)], c.palette.dark, 0.9)
    c.fill(polygon((58, 80), (63, 80), (63, 92), (60.5, 89), (58, 92)), c.palette.accent)


def pencils(c: Canvas) -> None:
    c.fill(box(0, 74, 100, 100), c.palette.table)
    inks = (c.palette.main, c.palette.accent, c.palette.dark, FLAME, STEM, c.palette.main)
    for index, ink in enumerate(inks):
        x, top = 22 + index * 9.6, 24 + 5 * ((index * 2) % 3)
        c.fill(polygon((x, top + 13), (x + 7.6, top + 13), (x + 3.8, top)), "#e9cda4")
        c.fill(polygon((x + 2.4, top + 5), (x + 5.2, top + 5), (x + 3.8, top)), ink)
        c.fill(box(x, top + 12, x + 7.6, 82), ink)
        c.shade(box(x + 5.2, top + 12, x + 7.6, 82), 0.2)
    c.adorn(box(16, 60, 84, 84, 2), c.palette.wall, c.palette.table)


def ribbon(c: Canvas) -> None:
    _table(c, 34)
    reels = ((30, c.palette.main), (50, c.palette.accent), (70, c.palette.dark))
    for x, ink in reels:
        c.fill(box(x - 9, 46, x + 9, 80, 2), WOOD)
        c.adorn(box(x - 7.5, 50, x + 7.5, 76), ink, c.palette.wall)
        wave = [(x + 6 + 3 * math.sin(y / 4), y) for y in range(62, 94, 2)]
        c.line(wave, ink, 2.6)


def book(c: Canvas) -> None:
    _table(c, 24, 84)
    c.fill(box(31, 16, 73, 84, 1.5), c.palette.dark)
    c.fill(box(33, 18, 74.5, 82, 1), "#fbf6ea")
    c.adorn(box(28, 16, 71, 84, 1.5), c.palette.main, c.palette.accent)
    c.shade(box(28, 16, 33, 84, 1.5), 0.25)
    c.fill(box(38, 25, 66, 47, 1), c.palette.wall)
    for y, right in ((31, 61), (36, 57), (41, 50)):
        c.line([(43, y), (right, y)], c.palette.dark, 1.3)
    c.fill(ellipse(52, 64, 9, 9), c.palette.accent)
    c.fill(petal(52, 70, 13, 6, 0), c.palette.dark)


def throw(c: Canvas) -> None:
    _table(c, 32)
    for index, ink in enumerate((c.palette.dark, c.palette.main, c.palette.accent)):
        top = 66 - index * 14
        other = c.palette.wall if ink != c.palette.accent else c.palette.main
        c.adorn(box(22, top, 78, top + 14, 6), ink, other, "zigzag")
    for x in range(24, 78, 3):
        c.line([(x, 51), (x, 57)], c.palette.accent, 0.8)


def cushion(c: Canvas) -> None:
    _table(c, 30)
    outline = polygon(
        (22, 28), (36, 31.5), (50, 32.5), (64, 31.5), (78, 28), (75, 42), (74, 54), (75, 66),
        (78, 80), (64, 77), (50, 76), (36, 77), (22, 80), (25, 66), (26, 54), (25, 42),
    )  # fmt: skip
    c.adorn(outline, c.palette.main, c.palette.accent)
    c.shade(polygon((75, 42), (78, 28), (68, 31), (66, 54), (68, 77), (78, 80), (74, 54)), 0.1)


def draught(c: Canvas) -> None:
    c.fill(box(28, 8, 72, 78), c.palette.main)
    for top in (14, 45):
        c.shade(box(34, top, 66, top + 26, 1), 0.18)
    c.fill(ellipse(66, 44, 1.8, 1.8), FLAME)
    c.fill(box(0, 78, 100, 100), c.palette.table)
    c.adorn(box(12, 70, 88, 84, 7), c.palette.accent, c.palette.dark)
    c.fill(ellipse(86, 74, 7, 6.5), c.palette.dark)
    c.fill(polygon((81, 70), (84, 63), (87, 69)), c.palette.dark)
    c.fill(ellipse(88.5, 73, 0.9, 0.9), c.palette.wall)


def clock(c: Canvas) -> None:
    c.shade(ellipse(51.5, 52, 32, 32))
    c.fill(ellipse(50, 50, 32, 32), c.palette.dark)
    c.adorn(ellipse(50, 50, 28.5, 28.5), c.palette.accent, c.palette.wall)
    for hour in range(12):
        turn = math.radians(hour * 30)
        c.fill(
            ellipse(50 + 24 * math.sin(turn), 50 - 24 * math.cos(turn), 1.3, 1.3), c.palette.dark
        )
    c.line([(50, 50), (50, 30)], c.palette.dark, 1.8)
    c.line([(50, 50), (63, 56)], c.palette.main, 2.2)
    c.fill(ellipse(50, 50, 2.4, 2.4), c.palette.dark)


def bottle(c: Canvas) -> None:
    _table(c, 22)
    c.fill(box(45, 16, 55, 34, 2), c.palette.dark)
    c.adorn(box(33, 33, 67, 81, 9), c.palette.main, c.palette.accent)
    c.adorn(box(40, 23, 60, 36, 3), c.palette.accent, c.palette.main, "stripes")


def vase(c: Canvas) -> None:
    _table(c, 20)
    for x, height, angle in ((50, 14, 0), (42, 20, -28), (59, 19, 30)):
        c.line([(50, 48), (x, height + 6)], STEM, 1)
        c.fill(petal(x, height + 16, 10, 5, angle + 60), STEM)
        for turn in range(0, 360, 72):
            c.fill(petal(x, height + 4, 6.5, 4.6, turn), c.palette.accent)
        c.fill(ellipse(x, height + 4, 1.9, 1.9), FLAME)
    c.adorn(ellipse(50, 66, 16, 14.5), c.palette.main, c.palette.accent)
    c.fill(box(45, 44, 55, 58, 2), c.palette.main)


def basket(c: Canvas) -> None:
    _table(c, 32)
    for x, top in ((36, 30), (48, 24), (60, 32)):
        c.fill(box(x, top, x + 9, 60, 2), WOOD)
        c.fill(ellipse(x + 4.5, top + 1, 4.5, 2.6), "#e9cda4")
    c.adorn(
        polygon((20, 46), (80, 46), (73, 80), (27, 80)), c.palette.main, c.palette.dark, "checks"
    )
    c.fill(box(18, 43, 82, 49, 3), c.palette.dark)


def seeds(c: Canvas) -> None:
    c.shade(box(29, 18, 75, 86, 2))
    c.fill(box(27, 16, 73, 84, 2), c.palette.accent)
    c.adorn(box(27, 16, 73, 30, 2), c.palette.main, c.palette.wall, "stripes")
    c.line([(50, 76), (50, 52)], STEM, 1.6)
    for side in (-1, 1):
        c.fill(petal(50, 70, 15, 7, side * 55), STEM)
    for angle in range(0, 360, 45):
        c.fill(petal(50, 50, 13, 6.5, angle), c.palette.main)
    c.fill(ellipse(50, 50, 4, 4), c.palette.dark)


def birdhouse(c: Canvas) -> None:
    c.fill(ellipse(20, 90, 40, 14), STEM)
    c.fill(ellipse(80, 92, 44, 16), "#6d9160")
    c.fill(box(47.5, 70, 52.5, 96), WOOD)
    c.adorn(
        polygon((31, 42), (50, 24), (69, 42), (66, 76), (34, 76)), c.palette.main, c.palette.accent
    )
    c.line([(27, 45), (50, 22), (73, 45)], c.palette.dark, 4)
    c.fill(ellipse(50, 50, 7, 7), c.palette.dark)
    c.line([(50, 63), (50, 67)], WOOD, 2.2)
    c.fill(ellipse(75, 22, 5, 4), c.palette.dark)
    c.fill(petal(75, 22, 9, 4, -110), c.palette.dark)
    c.fill(polygon((79.6, 21), (79.6, 23.4), (83, 22.4)), FLAME)


def can(c: Canvas) -> None:
    _table(c, 32)
    c.arc(50, 42, 16, 17, 180, 360, c.palette.dark, 3)
    c.arc(70, 60, 11, 13, -100, 100, c.palette.dark, 3)
    c.fill(polygon((36, 62), (36, 72), (14, 42), (18, 40)), c.palette.main)
    c.fill(polygon((8, 42), (21, 34), (23, 40), (12, 47)), c.palette.dark)
    c.adorn(polygon((34, 42), (66, 42), (70, 80), (30, 80)), c.palette.main, c.palette.accent)
    c.fill(ellipse(50, 42, 16, 3), c.palette.dark)


def pot(c: Canvas) -> None:
    _table(c)
    for angle in (-62, -38, -14, 12, 36, 60):
        c.fill(petal(50, 50, 36, 11, angle), (STEM, "#6d9160")[angle % 4 == 0])
    c.adorn(polygon((33, 54), (67, 54), (61, 80), (39, 80)), c.palette.main, c.palette.accent)
    c.fill(box(30, 47, 70, 56, 1.5), c.palette.main)
    c.shade(box(30, 55, 70, 57))


MOTIFS: dict[str, Motif] = {
    motif.__name__: motif
    for motif in (
        basket, birdhouse, board, book, bottle, bowl, cakestand, can, candle, card, clock,
        cushion, draught, jar, lamp, lantern, mug, notebook, pencils, pot, ribbon, seeds,
        stringlights, tealight, teapot, throw, vase, wrap,
    )
}  # fmt: skip
