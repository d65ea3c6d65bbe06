"""Answers for payment's contract."""

from __future__ import annotations

from uuid import UUID

from apps.payment import access, queries, rights, services
from apps.payment.contract import Erasure, OrderSummary, PaymentContract, UnknownOrder
from extract.call import provides
from extract.subject import Held


@provides
class PaymentProvider(PaymentContract):
    def orders_of(self, *, subject: UUID, limit: int) -> tuple[OrderSummary, ...]:
        return queries.order_summaries(subject, limit)

    def claim_orders(self, *, subject: UUID, email: str) -> None:
        services.orders_claim(subject=subject, email=email)

    def access(self, *, order: UUID) -> str:
        if not queries.order_exists(order):
            raise UnknownOrder(order=order)
        return access.token(order)

    def held_about(self, *, subject: UUID, after: str = "") -> Held:
        return rights.held_about(subject=subject, after=after)

    def erase(self, *, request: UUID, subject: UUID, email: str) -> Erasure:
        return rights.erase(request=request, subject=subject, email=email)
