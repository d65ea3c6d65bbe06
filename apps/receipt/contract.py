"""What receipt offers to the others: what became of an order's mail."""

from __future__ import annotations

from uuid import UUID

import msgspec

from extract.call import Contract, repeatable


class ReceiptState(msgspec.Struct, frozen=True, kw_only=True):
    """``status`` is queued, sent, failed or suppressed."""

    order: UUID
    status: str
    message_id: str


class ReceiptContract(Contract, app="receipt", version=1):
    """Receipt mails. Every method may be repeated."""

    @repeatable()
    def state(self, *, order: UUID) -> ReceiptState | None:
        """What became of the order's receipt; None until receipt has heard of the order."""
        ...
