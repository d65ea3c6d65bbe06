"""Answers for the receipt contract in this process."""

from __future__ import annotations

from uuid import UUID

from apps.receipt import queries, rights
from apps.receipt.contract import ReceiptContract, ReceiptState
from extract.call import provides
from extract.subject import Held


@provides
class ReceiptProvider(ReceiptContract):
    def state(self, *, order: UUID) -> ReceiptState | None:
        receipt = queries.receipt_of(order)
        if receipt is None:
            return None
        return ReceiptState(order=order, status=receipt.status, message_id=receipt.message_id)

    def held_about(self, *, subject: UUID, after: str = "") -> Held:
        return rights.held_about(subject=subject, after=after)

    def forget(self, *, subject: UUID, orders: tuple[UUID, ...]) -> None:
        rights.forget(subject=subject, orders=orders)
