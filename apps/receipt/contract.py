"""What receipt offers to the others: what became of an order's mail."""

from __future__ import annotations

from uuid import UUID

import msgspec

from extract.call import Contract, repeatable
from extract.subject import Held, UnderWay


class ReceiptState(msgspec.Struct, frozen=True, kw_only=True):
    """``status`` is queued, sent, failed or suppressed."""

    order: UUID
    status: str
    message_id: str


class ReceiptContract(Contract, app="receipt", version=2):
    """Receipt mails. Every method may be repeated."""

    @repeatable()
    def state(self, *, order: UUID) -> ReceiptState | None:
        """What became of the order's receipt; None until receipt has heard of the order."""
        ...

    @repeatable()
    def held_about(self, *, subject: UUID, after: str = "") -> Held:
        """What is kept about the subject: ``after`` is "", then the last answer's ``more``."""
        ...

    @repeatable(raises=(UnderWay,))
    def forget(self, *, subject: UUID, orders: tuple[UUID, ...]) -> None:
        """Blank whom the receipts of the orders went to, and delete the mails that are kept here.

        At most some hundred orders at a time.
        """
        ...
