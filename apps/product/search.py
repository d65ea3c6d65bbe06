"""What a search of the catalogue finds, and in which order.

Every word must be found: in name, SKU, category or description, as it is written, by its stem, or
as the beginning of a longer word. Where that leaves nothing, a word that nobody has may also be a
slip of a word that is there, or stand inside a longer one.

It is plain SQL over the words of the products, which an index finds, so that every database gives
the same answer and none needs an extension. What categories are called is compared here instead:
there are few, and their products need no writing when one is renamed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import add, or_

import msgspec
from django.core.cache import cache
from django.db.models import (
    Case,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Least

from apps.product.models import Category, Product, Word
from apps.product.queries import is_sku
from apps.product.terms import Kind, Term, Vocabulary, terms_of, widened
from apps.product.words import stem, words_of

CATEGORY = 2
"""The place of categories among those of ``Word.Place``."""
NOWHERE = 99
KEPT_SECONDS = 60
HIGHEST_BYTE = b"\xff"

Shelves = Mapping[int, Vocabulary]
"""The words of each category, by its key."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Products, best first, and for words that nobody has, the near ones that were taken."""

    products: QuerySet[Product]
    instead: dict[str, tuple[str, ...]] = {}


def products_found(products: QuerySet[Product], text: str, categories: Iterable[Category]) -> Found:
    """Those of ``products`` that ``text`` asks for; ``categories`` are all that there are."""
    if not (terms := terms_of(text)):
        return Found(products=products.none())
    shelves = {each.pk: {word: stem(word) for word in words_of(each.name)} for each in categories}
    found = _matching(products, terms, shelves)
    if not found.exists():
        terms = widened(terms, _known(shelves))
        found = _matching(products, terms, shelves)
    best_first = found.alias(fit=_fit(text, terms, shelves)).order_by("fit", "sort_key", "id")
    return Found(products=best_first, instead={term.word: term.near for term in terms if term.near})


def _known(shelves: Shelves) -> Vocabulary:
    """Every word of the catalogue. Kept until there are newer ones, and a minute at most."""
    newest = Word.objects.aggregate(newest=Max("id"))["newest"]
    kept: Vocabulary = cache.get_or_set(f"product.words.{newest}", _vocabulary, KEPT_SECONDS) or {}
    return reduce(or_, shelves.values(), kept)


def _vocabulary() -> dict[str, str]:
    rows = Word.objects.values_list("word", "stem").distinct()
    return {bytes(word).decode(): bytes(stem).decode() for word, stem in rows}


def _matching(
    products: QuerySet[Product], terms: Iterable[Term], shelves: Shelves
) -> QuerySet[Product]:
    for term in terms:
        words = Word.objects.filter(_answering(term)).values("product")
        of_category = [key for key, names in shelves.items() if term.kind_in(names) is not None]
        products = products.filter(Q(pk__in=words) | Q(category_id__in=of_category))
    return products


def _fit(text: str, terms: Iterable[Term], shelves: Shelves) -> Combinable:
    """The less, the better; nothing for the product whose SKU was asked for."""
    by_words: Combinable = reduce(add, (_fit_of(term, shelves) for term in terms), Value(1))
    sku = text.strip()
    if not is_sku(sku):
        return by_words
    is_it = When(sku__iexact=sku, then=Value(0))
    return Case(is_it, default=by_words, output_field=IntegerField())


def _fit_of(term: Term, shelves: Shelves) -> Combinable:
    whens = (When(answer, then=Value(kind)) for kind, answer in _answers(term).items())
    fit = F("place") * len(Kind) + Case(*whens, output_field=IntegerField())
    words = Word.objects.filter(_answering(term), product=OuterRef("pk")).values("product")
    best = words.annotate(best=Min(fit)).values("best")
    by_category = (
        When(category_id=key, then=Value(CATEGORY * len(Kind) + kind))
        for key, names in shelves.items()
        if (kind := term.kind_in(names)) is not None
    )
    return Least(
        Coalesce(Subquery(best, output_field=IntegerField()), NOWHERE),
        Case(*by_category, default=NOWHERE, output_field=IntegerField()),
    )


def _answering(term: Term) -> Q:
    answers = _answers(term)
    # It has the stem too.
    del answers[Kind.EXACT]
    return reduce(or_, answers.values())


def _answers(term: Term) -> dict[Kind, Q]:
    """Which rows of words answer the term, and how."""
    word = term.word.encode()
    answers = {Kind.EXACT: Q(word=word), Kind.STEM: Q(stem=term.stem.encode())}
    if term.is_beginning:
        answers[Kind.BEGINNING] = Q(word__gte=word, word__lt=word + HIGHEST_BYTE)
    if term.near:
        answers[Kind.NEAR] = Q(stem__in=[stem.encode() for stem in term.near_stems])
    if term.around:
        answers[Kind.INSIDE] = Q(word__in=[word.encode() for word in term.around])
    return answers
