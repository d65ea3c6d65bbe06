"""The built-in provider: books of its own, and tokens that make it behave in known ways.

``tok_visa`` succeeds, ``tok_declined`` is declined, ``tok_timeout`` charges and loses the
first answer, ``tok_twice`` answers twice; any other token is declined.
"""

from __future__ import annotations

from decimal import Decimal

from apps.payment.models import SandboxCharge, SandboxRefund
from apps.payment.providers.base import ChargeAnswer, Declined, ProviderTimeout
from extract.data import owned

TOKENS = ("tok_visa", "tok_timeout", "tok_twice")


class Sandbox:
    """Implements ``Provider``. Its rows stand for a system outside the shop's transactions."""

    def charge(
        self, *, key: str, amount: Decimal, currency: str, token: str
    ) -> tuple[ChargeAnswer, ...]:
        if token not in TOKENS:
            raise Declined(reason="card declined")
        with owned("payment"):
            charge, is_new = SandboxCharge.objects.get_or_create(
                key=key, defaults={"amount": amount, "currency": currency}
            )
        if charge.voided:
            raise Declined(reason="charge voided")
        if is_new and token == "tok_timeout":
            raise ProviderTimeout(f"The provider did not answer the charge {key} in time.")
        answer = ChargeAnswer(reference=key, amount=charge.amount, currency=charge.currency)
        return (answer, answer) if token == "tok_twice" else (answer,)

    def void(self, *, key: str) -> None:
        with owned("payment"):
            charge, _ = SandboxCharge.objects.get_or_create(
                key=key, defaults={"amount": 0, "currency": "", "voided": True}
            )
            SandboxCharge.objects.filter(key=key).update(voided=True, refunded=charge.amount)

    def refund(self, *, key: str, charge: str, amount: Decimal) -> None:
        with owned("payment"):
            if SandboxRefund.objects.filter(key=key).exists():
                return
            # Summed here, not in SQL: SQLite would compare the sums as floats.
            book = SandboxCharge.objects.select_for_update().filter(key=charge, voided=False)
            taken = book.first()
            if taken is None or taken.refunded + amount > taken.amount:
                raise Declined(reason="more than was charged")
            book.update(refunded=taken.refunded + amount)
            SandboxRefund.objects.create(key=key, charge_id=charge, amount=amount)
