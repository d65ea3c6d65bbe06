"""How an app states what must always hold of its rows: a sentence and a function."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import msgspec
from django.conf import settings
from django.utils.module_loading import autodiscover_modules

Row: TypeAlias = Mapping[str, Any]
"""One offending row. Its first entry says which it is, the others what is wrong with it."""

Check: TypeAlias = Callable[[], Iterable[Row]]


class Invariant(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence that must be true, and the function that yields the rows which break it.

    ``app`` is the app whose rows are read, or None where several apps are compared.
    """

    sentence: str
    app: str | None
    check: Check


_registered: dict[str, Invariant] = {}


def invariant(sentence: str, *, app: str | None = None) -> Callable[[Check], Check]:
    """Declare an invariant: ``@invariant("The ledger sums to zero.", app="payment")``.

    The function takes nothing, writes nothing and yields nothing while all is well.
    Raises ``ValueError`` when the sentence is taken by another function.
    """

    def register(check: Check) -> Check:
        known = _registered.get(sentence)
        if known is not None and _name(known.check) != _name(check):
            raise ValueError(f"Two invariants say {sentence!r}; each needs a sentence of its own.")
        _registered[sentence] = Invariant(sentence=sentence, app=app, check=check)
        return check

    return register


def invariants() -> tuple[Invariant, ...]:
    """Every invariant there is, those of one app first.

    Looks into the module ``invariants`` of every installed app, the layer among them, and
    into the modules that ``settings.EXTRACT_INVARIANTS`` names (those that span apps).
    """
    autodiscover_modules("invariants")
    for module in getattr(settings, "EXTRACT_INVARIANTS", ()):
        importlib.import_module(module)
    return tuple(sorted(_registered.values(), key=lambda known: (known.app is None, known.app)))


def _name(check: Check) -> tuple[str, str]:
    return check.__module__, getattr(check, "__qualname__", repr(check))
