"""Words as the search compares them, and the key by which names are sorted.

Both are made here and kept in columns, because databases disagree: SQLite folds ASCII only, and
PostgreSQL sorts as the machine's locale says.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import snowballstemmer

SMALL_WORDS = frozenset("a and at by for from in of on or the to with".split())  # noqa: SIM905
LANGUAGE = "english"
LONGEST_KEY = 1000
"""Bytes of a folded name that are compared: PostgreSQL's index takes 2,700, and some characters
unfold to eighteen letters."""
LONGEST_WORD = 50

_MARKS = re.compile("[\u0300-\u036f]+")
# Letters that Unicode takes for letters of their own, and who has no such key types otherwise.
_PLAIN = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i"}
)
_APOSTROPHES = re.compile("['`´‘’ʼ＇]")
_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """``text`` without case, accents and other differences that nobody types: ``Café`` is ``cafe``.

    Accents of Latin, Greek and Cyrillic letters only: marks of other scripts tell words apart.
    """
    if text.isascii():
        return text.lower()
    unfolded = unicodedata.normalize("NFKD", text.casefold()).casefold()
    return unicodedata.normalize("NFC", _MARKS.sub("", unfolded).translate(_PLAIN))


def words_of(text: str) -> tuple[str, ...]:
    """The different words of ``text``, folded, in its order; ``gardener's`` is one of them."""
    found = _WORD.findall(_APOSTROPHES.sub("", fold(text)))
    return tuple(dict.fromkeys(word[:LONGEST_WORD] for word in found))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """What a folded word and its plural have in common: ``candl`` of ``candles``."""
    # One per word: a stemmer holds the word it works at, and threads would share it.
    return str(snowballstemmer.stemmer(LANGUAGE).stemWord(word))


def sort_key(name: str) -> bytes:
    """Sorts names as their folded letters, and those that differ by accents alone as written.

    Bytes, because every database compares those alike.
    """
    composed = unicodedata.normalize("NFC", name)
    return fold(name).encode()[:LONGEST_KEY] + b"\0" + composed.encode()[:LONGEST_KEY]
