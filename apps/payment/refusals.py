"""Why a keyed request of payment is refused, as problem details (RFC 9457)."""

from __future__ import annotations

from typing import Any

from apps.payment import problems
from extract.data.idempotency import Answer
from extract.edge import Problem, Unavailable


class Refused(Exception):
    """The request came to nothing. ``answer`` is the problem to answer with.

    A ``final`` refusal is kept as the answer of its key; any other may be tried again.
    """

    def __init__(self, answer: Answer, *, final: bool = False) -> None:
        super().__init__(answer.body["detail"])
        self.answer = answer
        self.final = final


def problem(kind: type[Problem], detail: str, **more: Any) -> Answer:
    """A problem of that kind as the answer of a key."""
    return Answer(status=kind.status, body=kind(detail=detail, **more).body)


ACCOUNT_ENDING = problem(
    problems.AccountEnding, "This account is being erased: nothing can be bought with it any more."
)
CART_ORDERED = problem(problems.CartOrdered, "This cart has been ordered; start a new one.")
CART_EMPTY = problem(
    problems.CartEmpty, "There is nothing in this cart; put something in it first."
)
IN_PROGRESS = problem(
    problems.InProgress,
    "The first request with this key is still under way; repeat it in a moment.",
)
CART_BEING_ORDERED = problem(
    problems.InProgress,
    "This cart is being ordered by another request; look at it again in a moment.",
)
KEY_REUSED = problem(
    problems.KeyReused,
    "This Idempotency-Key was sent before with another body; use a new key for a new request.",
)
UNAVAILABLE = problem(
    Unavailable,
    "A part of the shop is not available and nothing was charged; repeat the request in a moment.",
)


def out_of_stock(shortages: list[dict[str, Any]]) -> Answer:
    """Some lines cannot be had in the quantity wanted."""
    names = ", ".join(s["sku"] for s in shortages)
    return problem(
        problems.OutOfStock,
        f"Not enough in stock of: {names}. Change the cart and try again.",
        shortages=shortages,
    )


def declined(reason: str) -> Answer:
    """The provider would not take the money; final for the key, the cart stays open."""
    return problem(
        problems.Declined,
        "The payment was declined and nothing was charged; try another card.",
        reason=reason,
    )


def of_refusal(refusal: dict[str, Any]) -> Refused:
    """What a saga's refusal means to the client."""
    fields = refusal["fields"]
    match refusal["error"]:
        case "OutOfStock":
            return Refused(out_of_stock(fields["shortages"]), final=True)
        case "UnknownSku":
            gone = {"sku": fields["sku"], "wanted": 0, "available": 0}
            return Refused(out_of_stock([gone]), final=True)
        case "Declined":
            return Refused(declined(fields["reason"]), final=True)
        case _:
            return Refused(UNAVAILABLE)
