"""What payment offers to the others: orders to look at, and news of them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from apps.product.contract import Money
from extract.call import Contract, DeclaredError, repeatable
from extract.event import Event
from extract.subject import Held


class OrderPaid(Event, frozen=True, kw_only=True):
    """An order is paid and has its invoice.

    ``subject`` is "" for a guest; ``access_hash`` the SHA-256 of the order's access token
    in hexadecimal; ``silent`` orders (replayed ones) get no mail.
    """

    app: ClassVar[str] = "payment"

    order: UUID
    subject: str
    email: str
    name: str
    access_hash: str
    invoice: str
    total: Money
    placed_at: datetime
    silent: bool


class OrderRefunded(Event, frozen=True, kw_only=True):
    """Some or all of an order was paid back, and its credit note exists."""

    app: ClassVar[str] = "payment"

    order: UUID
    refund: UUID
    subject: str
    email: str
    name: str
    credit_note: str
    total: Money
    silent: bool


class OrderClaimed(Event, frozen=True, kw_only=True):
    """A guest's order became a customer's, who has proved to read the mails of its address."""

    app: ClassVar[str] = "payment"

    order: UUID
    subject: str


class OrderSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a customer's order history. ``status`` is one of Order.Status."""

    order: UUID
    placed_at: datetime
    status: str
    total: Money
    pieces: int


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """How far the erasure of a customer is in the apps; ``waits_for`` says what it waits for, in a
    sentence, or ""."""

    done: bool
    waits_for: str


class UnknownOrder(DeclaredError):
    """There is no order {order}."""

    order: UUID


class PaymentContract(
    Contract, app="payment", version=3, events=(OrderPaid, OrderRefunded, OrderClaimed)
):
    """Orders. Every method may be repeated."""

    @repeatable()
    def orders_of(self, *, subject: UUID, limit: int) -> tuple[OrderSummary, ...]:
        """The customer's latest orders, newest first."""
        ...

    @repeatable()
    def claim_orders(self, *, subject: UUID, email: str) -> None:
        """Make the customer's what guests ordered under ``email``, which the customer has proved.

        An order without its invoice yet is left to the next time.
        """
        ...

    @repeatable(raises=(UnknownOrder,))
    def access(self, *, order: UUID) -> str:
        """The token that opens the order without signing in, for its own receipt mail."""
        ...

    @repeatable()
    def held_about(self, *, subject: UUID, after: str = "") -> Held:
        """What is kept about the subject: ``after`` is "", then the last answer's ``more``."""
        ...

    @repeatable()
    def erase(self, *, request: UUID, subject: UUID, email: str) -> Erasure:
        """Begin the erasure of the customer in all apps, once per ``request``, or see to it that it
        goes on.

        From now on nothing is written under the subject. What guests ordered under ``email``, which
        the customer has proved (or ""), is the customer's.
        """
        ...
