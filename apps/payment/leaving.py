"""Customers whose erasure was asked for: nothing new is written under their subject.

Whoever writes asks inside ``owned("payment")``, and nobody is still writing when the mark is made.
"""

from __future__ import annotations

import hashlib

from apps.payment.models import Leaving


class Leaves(Exception):
    """This account is being erased: nothing can be bought with it any more."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


def is_leaving(subject: str) -> bool:
    """Whether the customer leaves, or has left; nobody in particular never does."""
    return bool(subject) and Leaving.objects.filter(pk=_mark(subject)).exists()


def let_leave(subject: str) -> None:
    """From now on the customer leaves. Inside ``owned("payment", alone=True)``."""
    Leaving.objects.get_or_create(mark=_mark(subject))


def _mark(subject: str) -> str:
    return hashlib.sha256(f"leaving:{subject}".encode()).hexdigest()
