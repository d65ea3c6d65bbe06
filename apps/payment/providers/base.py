"""What the shop needs of a payment provider."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

import msgspec

from extract.call import DeclaredError


class ChargeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The provider's word that it took ``amount``; ``reference`` is its name for the charge."""

    reference: str
    amount: Decimal
    currency: str


class Declined(DeclaredError):
    """The payment was declined ({reason})."""

    reason: str


class UnknownProvider(DeclaredError):
    """There is no payment provider {name!r}."""

    name: str


class ProviderTimeout(Exception):
    """The provider did not answer in time: the charge may or may not have happened."""


class Provider(Protocol):
    """A payment provider. Every method is keyed, so that repeating it is safe."""

    def charge(
        self, *, key: str, amount: Decimal, currency: str, token: str
    ) -> tuple[ChargeAnswer, ...]:
        """Take the money once per ``key``. A provider may answer more than once.

        Raises ``Declined``, or ``ProviderTimeout`` when it is unknown what happened.
        """
        ...

    def void(self, *, key: str) -> None:
        """Make sure that the charge of ``key`` costs nobody anything, now or later."""
        ...

    def refund(self, *, key: str, charge: str, amount: Decimal) -> None:
        """Pay back ``amount`` of a charge, once per ``key``."""
        ...
