"""What somebody typed, ready to be set in type: cleaned, with its direction and its face."""

from __future__ import annotations

import itertools
import unicodedata
from typing import Final, TypedDict

# One code point has other shapes in each of these places. Everywhere else those of mainland China
# are taken.
HAN_FACES: Final = {"HK": "HK", "JP": "JP", "KR": "KR", "MO": "HK", "TW": "TC"}

INVISIBLE: Final = frozenset({"Cf", "Variation selector"})
MARKS: Final = frozenset({"Mn", "Mc", "Me"})
BREAKS: Final = frozenset({"Cc", "Zl", "Zp"})
# They turn around whatever comes after them, up to the end of the paragraph.
DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# They change the letter before them as marks do, but are none.
MODIFIERS: Final = frozenset("\uff9e\uff9f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
# What bears a mark that has no letter; Typst panics where it would break a line before one.
NO_LETTER: Final = "\N{DOTTED CIRCLE}"
# Alphabets that the serif face has together with plain letters, numbers and signs.
SERIF: Final = ("LATIN", "GREEK", "CYRILLIC")
# From Arabic to Burmese, and Khmer.
DEEP: Final = (("\u0600", "\u109f"), ("\u1780", "\u17ff"))


class Typeset(TypedDict):
    """A text as ``document.typ`` reads it.

    ``rtl``: it runs from right to left. ``marked``: see ``is_marked``. ``deep``: its letters
    may reach far below the line. ``breakable``: from how many characters on a word of it may
    break, 0 if none is so long.
    """

    text: str
    rtl: bool
    marked: bool
    deep: bool
    breakable: int


def typeset(text: str, missing: frozenset[str] = frozenset(), *, longest: int = 24) -> Typeset:
    """``text`` for print, with codes in place of those of its characters that are ``missing``.

    Words with more than ``longest`` characters may break: looking for them in the template, in
    every text, would take as long as all the rest.
    """
    runs = itertools.groupby(cleaned(text), key=missing.__contains__)
    printed = "".join(code(*run) if lacking else "".join(run) for lacking, run in runs)
    return {
        "text": printed,
        "rtl": reads_from_right(printed),
        "marked": is_marked(printed),
        "deep": any(first <= one <= last for one in printed for first, last in DEEP),
        "breakable": longest if max(map(len, printed.split()), default=0) > longest else 0,
    }


def code(*characters: str) -> str:
    """``[U+E000 U+1F600]``: what stands for characters that no font shows."""
    return f"[{' '.join(f'U+{ord(character):04X}' for character in characters)}]"


def cleaned(text: str) -> str:
    """``text`` composed, on one line, without what is invisible after a plain character.

    A PDF has one text for each glyph, the first one that was meant by it: after a ``0`` with a
    soft hyphen, every ``0`` is copied and searched with one, those of the number too.
    """
    kept = ""
    for character in unicodedata.normalize("NFC", text):
        kind = _kind(character)
        alone = not kept or kept[-1].isspace()
        if character in DIRECTIONS or (kind in INVISIBLE and (alone or kept[-1].isascii())):
            continue
        if alone and (kind in MARKS or character in MODIFIERS):
            kept += NO_LETTER
        kept += " " if kind in BREAKS and character.isspace() else character
    return kept.strip()


def reads_from_right(text: str) -> bool:
    """Whether the first letter that has a direction is of a script from right to left."""
    for character in text:
        if (direction := unicodedata.bidirectional(character)) in {"L", "R", "AL"}:
            return direction != "L"
    return False


def is_marked(text: str) -> bool:
    """Whether a plain character bears a mark, as in G̃, that no composed character has.

    Such a text is set in a face of its own, for the reason that ``cleaned`` gives.
    """
    return any(
        _kind(mark) in MARKS
        and (base.isascii() or unicodedata.name(base, "").startswith((*SERIF, "COMBINING")))
        for base, mark in itertools.pairwise(text)
    )


def han_face(country: str) -> str:
    """The face for Chinese characters in the country with that code, ISO 3166."""
    return f"Noto Sans CJK {HAN_FACES.get(country, 'SC')}"


def _kind(character: str) -> str:
    if "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef":
        return "Variation selector"
    return unicodedata.category(character)
