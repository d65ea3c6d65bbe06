"""A line of text, such as a name, and a text of several lines: as they are kept."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError

# No characters at all: surrogates, noncharacters.
_NONE = "\ud800-\udfff\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
_NOT_IN_A_LINE = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{_NONE}]")
_NOT_IN_TEXT = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029{_NONE}]")
# Embeddings, overrides and isolates turn what stands beside them. The marks U+200E, U+200F and
# U+061C do not, and names in Arabic and Hebrew need them.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_BREAKS = re.compile(r"\r\n?")

# Shown as nothing: the letters and marks of Unicode's Default_Ignorable_Code_Point
# (DerivedCoreProperties.txt, 17.0), and the empty pattern of Braille. Joiners, soft hyphens and
# their like are known by their category, Cf.
_SHOWS_NOTHING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0000-\U000e0fff]"
)
_EDGES = "\u200b\u2060\ufeff"
"""Invisible, and without a meaning at either end, which joiners may have."""


def one_line(text: str) -> str:
    """The line composed (NFC), without what is invisible around it; "" if all of it is invisible.

    Raises Django's ``ValidationError`` for line breaks and other control characters, surrogates
    and noncharacters, and for what would turn the text around it.
    """
    return _composed(as_written(text))


def legible(text: str) -> str:
    """The line with what it may not hold left out: of files, whose writers cannot be asked."""
    return one_line(_TURNS.sub("", _NOT_IN_A_LINE.sub("", text)))


def paragraphs(text: str) -> str:
    """The same for a text that may have several lines and tabs; a line ends with a line feed."""
    text = _BREAKS.sub("\n", text)
    if _NOT_IN_TEXT.search(text):
        raise ValidationError(
            "This must be text without control characters.", code="control_characters"
        )
    return _composed(_trimmed(text))


def as_written(text: str) -> str:
    """What ``one_line`` takes, by the same errors, with the letters that were written."""
    if _NOT_IN_A_LINE.search(text):
        raise ValidationError(
            "This must be one line, without control characters.", code="control_characters"
        )
    return _trimmed(text)


def _composed(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    return text if any(map(_is_visible, text)) else ""


def _trimmed(text: str) -> str:
    if _TURNS.search(text):
        raise ValidationError(
            "This must be without characters that turn the direction of what stands beside them.",
            code="direction",
        )
    while (trimmed := text.strip().strip(_EDGES)) != text:
        text = trimmed
    return text


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CZ" and not _SHOWS_NOTHING.match(character)
