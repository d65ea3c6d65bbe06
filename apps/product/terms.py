"""What a search asks for, word by word, and which words of the catalogue answer it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum

import msgspec
from rapidfuzz import process
from rapidfuzz.distance import OSA

from apps.product.words import SMALL_WORDS, stem, words_of

MOST_TERMS = 12
MOST_NEAR = 5
MOST_AROUND = 50
SHORTEST_BEGINNING = 2
SHORTEST_INSIDE = 3

Vocabulary = Mapping[str, str]
"""Words with their stems."""


class Kind(IntEnum):
    """How a word answers a term, best first."""

    EXACT = 0
    STEM = 1
    BEGINNING = 2
    NEAR = 3
    INSIDE = 4


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """A word that was asked for; ``near`` it are words that it may be a slip of, ``around`` it
    words that hold it."""

    word: str
    stem: str
    near: tuple[str, ...] = ()
    around: tuple[str, ...] = ()

    @property
    def near_stems(self) -> tuple[str, ...]:
        return tuple(map(stem, self.near))

    @property
    def is_beginning(self) -> bool:
        """Whether longer words answer it that begin with it."""
        return len(self.word) >= SHORTEST_BEGINNING

    def kind_of(self, word: str, stem: str) -> Kind | None:
        """How ``word`` answers the term, None if it does not."""
        if word == self.word:
            return Kind.EXACT
        if stem == self.stem:
            return Kind.STEM
        if self.is_beginning and word.startswith(self.word):
            return Kind.BEGINNING
        if stem in self.near_stems:
            return Kind.NEAR
        return Kind.INSIDE if word in self.around else None

    def kind_in(self, words: Vocabulary) -> Kind | None:
        """How the best of ``words`` answers the term."""
        kinds = (self.kind_of(word, stem) for word, stem in words.items())
        return min((kind for kind in kinds if kind is not None), default=None)


def terms_of(text: str) -> list[Term]:
    """The words of ``text``, without small ones if there are others, and the first twelve only."""
    words = words_of(text)
    telling = [word for word in words if word not in SMALL_WORDS] or words
    return [Term(word=word, stem=stem(word)) for word in telling[:MOST_TERMS]]


def widened(terms: Iterable[Term], known: Vocabulary) -> list[Term]:
    """The terms; with the words ``known`` that may be meant where none answers, or else for all."""
    others = {term: _others(term, known) for term in terms}
    lost = [term for term in others if len(others[term]) == len(known)] or list(others)
    return [_wide(term, others[term]) if term in lost else term for term in others]


def _others(term: Term, known: Vocabulary) -> Vocabulary:
    """Those of the words that do not answer the term as it is."""
    own, beginning = term.stem, term.word
    return {
        word: stem for word, stem in known.items() if stem != own and not word.startswith(beginning)
    }


def _wide(term: Term, others: Vocabulary) -> Term:
    near, around = _near(term.word, others), _around(term.word, others)
    return msgspec.structs.replace(term, near=near, around=around)


def _near(asked: str, known: Vocabulary) -> tuple[str, ...]:
    """The nearest words that ``asked`` is a small slip of: up to five, one for each stem.

    A slip is a letter too many, too few, wrong or swapped with the next: one in words of four
    letters, two from eight on. Stems are compared too, so that ``candel`` means ``candles``.
    """
    slips = (len(asked) >= 4) + (len(asked) >= 8)
    if not slips:
        return ()
    whole = _within(slips, asked, {word: word for word in known})
    by_stem = _within(slips, asked, known)
    least = min([*whole.values(), *by_stem.values()], default=0)
    near = sorted({word for found in (whole, by_stem) for word in found if found[word] == least})
    one_each = {known[word]: word for word in reversed(near)}
    return tuple(sorted(one_each.values())[:MOST_NEAR])


def _within(slips: int, asked: str, spellings: Mapping[str, str]) -> dict[str, int]:
    """The words whose spelling is at most ``slips`` away, with how far."""
    found = process.extract(asked, spellings, scorer=OSA.distance, score_cutoff=slips, limit=None)
    return {word: distance for _, distance, word in found}


def _around(asked: str, known: Vocabulary) -> tuple[str, ...]:
    # A sign of Chinese or Japanese says as much as a word.
    if len(asked) < SHORTEST_INSIDE and asked.isascii():
        return ()
    return tuple(sorted(word for word in known if asked in word)[:MOST_AROUND])
