"""The kinds of problem that payment's API answers with besides everyone's."""

from __future__ import annotations

from extract.edge import Problem


class Declined(Problem):
    """The payment was declined and nothing was charged; final for its key, the cart stays open."""

    status, type, title = 402, "declined", "Payment declined"


class OutOfStock(Problem):
    """Some products are not there in the quantity wanted; ``shortages`` says which."""

    status, type, title = 409, "out-of-stock", "Out of stock"


class CartOrdered(Problem):
    """This cart has been ordered or is being ordered; start a new one."""

    status, type, title = 409, "cart-ordered", "Cart already ordered"


class InProgress(Problem):
    """The first request with this key, or for this cart, is still under way; wait a moment."""

    status, type, title = 409, "in-progress", "Still in progress"


class KeyReused(Problem):
    """This Idempotency-Key was sent before with another body."""

    status, type, title = 422, "key-reused", "Idempotency key reused"


class AccountEnding(Problem):
    """This account is being erased: nothing can be bought with it any more."""

    status, type, title = 409, "account-ending", "Account is being erased"


class CartEmpty(Problem):
    """There is nothing in this cart."""

    status, type, title = 422, "cart-empty", "Cart is empty"


class NotRefundable(Problem):
    """The order is not paid, so nothing can be refunded."""

    status, type, title = 409, "not-refundable", "Cannot be refunded"


class NothingToRefund(Problem):
    """Nothing of the order, or of the lines asked for, is left to refund."""

    status, type, title = 409, "nothing-to-refund", "Cannot be refunded"


class AlreadyRefunded(Problem):
    """More pieces of a line were to be refunded than are left."""

    status, type, title = 409, "already-refunded", "Cannot be refunded"


class RefundRefused(Problem):
    """The payment provider refused the refund."""

    status, type, title = 409, "refund-refused", "Cannot be refunded"


class UnknownLine(Problem):
    """The order has no such line."""

    status, type, title = 422, "unknown-line", "Cannot be refunded"
