"""Which apps are outside home. ``all``, ``none``, or the apps' names with a ``+`` between them."""

from __future__ import annotations

import os
from itertools import combinations

from shop.routes import APP_LABELS

APPS = APP_LABELS

_EVERY = [frozenset(some) for size in range(5) for some in combinations(APPS, size)]


def name_of(outside: frozenset[str]) -> str:
    names = {frozenset[str](): "none", frozenset(APPS): "all"}
    return names.get(outside) or "+".join(app for app in APPS if app in outside)


def outside(placement: str) -> frozenset[str]:
    """The apps that have an instance of their own there."""
    return next(some for some in _EVERY if name_of(some) == placement)


ALL = tuple(map(name_of, _EVERY))

# Whoever speaks to another (payment to product and invoice, receipt to invoice, payment's events
# to receipt) does so in each of the four arrangements of the two, in the fewest placements that
# have them all. And all four outside, which is what people come for.
SOME = ("none", "product+invoice+receipt", "payment+receipt", "product+payment+invoice", "all")

DATABASE = os.environ.get("TEST_DATABASE", "sqlite")
IS_SOAK = os.environ.get("PLACEMENTS") == "all"
# What a database does depends on who is beside whom less than on how many there are.
ON_POSTGRESQL = ("none", "all")
CHOSEN = ALL if IS_SOAK else ON_POSTGRESQL if DATABASE == "postgresql" else SOME
