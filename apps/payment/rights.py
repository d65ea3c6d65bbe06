"""A customer's rights: what payment keeps about them, and the saga that erases it in all apps.

First the orders lose whom they are of, so that what happens to them later tells of nobody. What was
told before is waited for; then the others forget it, each for the orders that it is given.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import IntegrityError
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from apps.invoice.contract import InvoiceContract
from apps.payment.contract import Erasure
from apps.payment.leaving import let_leave
from apps.payment.models import (
    Cart,
    CartItem,
    Charge,
    LedgerEntry,
    Order,
    OrderLine,
    Refund,
    RefundLine,
    ReplayedLine,
    SandboxCharge,
    SandboxRefund,
)
from apps.product.contract import ProductContract
from apps.receipt.contract import ReceiptContract
from extract.call import current_context, handle, new_context, using_context
from extract.data import owned
from extract.event.models import OutboxEvent
from extract.saga import NotYet, Saga, Step, run, start
from extract.saga.models import SagaRun
from extract.subject import Held, UnderWay
from extract.subject.layer import refuse_under_way, scrub, tables
from extract.subject.rows import chunks, held

product = handle(ProductContract)
invoice = handle(InvoiceContract)
receipt = handle(ReceiptContract)

APP = "payment"
BLANK = ("email", "name", "line1", "line2", "city", "postcode")
"""Of an order. Its country stays: VAT is accounted by it."""


def held_about(*, subject: uuid.UUID, after: str) -> Held:
    """The rows of payment about the customer, some at a time."""
    mine = str(subject)
    orders = Order.objects.filter(subject=mine)
    refunds = Refund.objects.filter(order__subject=mine)
    # A guest's cart says nothing but which order it became.
    carts = Cart.objects.filter(Q(subject=mine) | Q(order__in=orders.order_by().values("pk")))
    return held(
        [
            orders,
            OrderLine.objects.filter(order__subject=mine),
            Charge.objects.filter(order__subject=mine),
            refunds,
            RefundLine.objects.filter(refund__order__subject=mine),
            LedgerEntry.objects.filter(order__subject=mine),
            ReplayedLine.objects.filter(order__in=orders.order_by().values("pk")),
            lambda: SandboxCharge.objects.filter(key__in=_ids(orders)),
            lambda: SandboxRefund.objects.filter(charge__in=_ids(orders)),
            carts,
            CartItem.objects.filter(cart__in=carts.values("pk")),
            *tables(APP, mine, lambda: _ids(orders)),
        ],
        after,
    )


def erase(*, request: uuid.UUID, subject: uuid.UUID, email: str) -> Erasure:
    """Begin the erasure, once per ``request``, or go on with it as far as it goes now."""
    # Of nobody: what the saga itself writes is not the subject's.
    context = current_context()
    own = new_context(correlation_id=context.correlation_id, traceparent=context.traceparent)
    with using_context(own.within(context.time_left)):
        begun = SagaRun.objects.using(APP).filter(pk=request).exists()
        row = run(ERASURE, request, "" if begun else _begin(request, str(subject), email))
    is_done = row.status == SagaRun.Status.FINISHED
    return Erasure(done=is_done, waits_for="" if is_done else row.last_error)


def _begin(request: uuid.UUID, subject: str, email: str) -> str:
    try:
        with owned(APP, alone=True):
            let_leave(subject)
            if email:
                guests = Order.objects.alias(address=Lower("email")).filter(subject="")
                guests.filter(address=email.lower()).update(subject=subject)
            return start(ERASURE, id=request, state={"subject": subject})
    except IntegrityError:  # Another process began it at the same time.
        return ""


class _Late(NotYet):
    """Something about the customer has to end first."""

    def __repr__(self) -> str:
        return str(self)  # what operators read of the saga


@contextmanager
def _waiting() -> Iterator[None]:
    """What is under way is waited for, in whichever app."""
    try:
        yield
    except UnderWay as error:
        raise _Late(f"{error.what} ({error.app}).") from error


class Pseudonymise(Step):
    """The pivot, waited for until no checkout and no refund of theirs is under way. From here on
    the orders are those of the saga's id."""

    name = "pseudonymise"
    pivot = True
    undoable = False

    def record(self, run: SagaRun, outcome: None) -> None:
        subject = run.state["subject"]
        orders = Order.objects.filter(subject=subject)
        _wait_for(orders, subject)
        Cart.objects.filter(order__in=orders.order_by().values("pk")).delete()
        Cart.objects.filter(subject=subject).delete()
        orders.update(subject=str(run.pk), **dict.fromkeys(BLANK, ""))


class Deliver(Step):
    """What was told of the orders while they had a name must have arrived."""

    name = "deliver"

    def act(self, run: SagaRun) -> None:
        for orders in _orders_of(run):
            told = OutboxEvent.objects.using(APP).filter(aggregate__in=map(str, orders))
            if told.filter(state=OutboxEvent.State.WAITING).exists():
                raise _Late("News of an order is still being delivered.")


class Forget(Step):
    """Another app's part."""

    def __init__(self, app: str, forget: Callable[..., None]) -> None:
        self.name = f"forget {app}"  # type: ignore[misc]
        self._forget = forget

    def act(self, run: SagaRun) -> None:
        for orders in _orders_of(run):
            with _waiting():
                self._forget(subject=uuid.UUID(run.state["subject"]), orders=orders)


class ForgetHere(Step):
    """Payment's own events, sagas and answers; at last the saga's own state."""

    name = "forget here"

    def act(self, run: SagaRun) -> None:
        subject = run.state["subject"]
        for orders in _orders_of(run):
            things = [str(order) for order in orders]
            refunds = Refund.objects.filter(order__in=orders)
            things += _ids(refunds)
            with _waiting():
                refuse_under_way(APP, subject, things)
            scrub(APP, subject, things)

    def record(self, run: SagaRun, outcome: None) -> None:
        run.state = {}


def _wait_for(orders: QuerySet[Order], subject: str) -> None:
    """Raises ``NotYet`` while a checkout or a refund of theirs goes on."""
    unfinished = SagaRun.objects.using(APP).filter(status__in=SagaRun.UNFINISHED)
    ids = list(unfinished.values_list("pk", flat=True))
    for some in chunks(ids):
        if orders.filter(pk__in=some).exists():
            raise _Late("An order is still under way.")
        if Refund.objects.filter(pk__in=some, order__subject=subject).exists():
            raise _Late("A refund is still under way.")


def _orders_of(run: SagaRun) -> Iterator[tuple[uuid.UUID, ...]]:
    """The ids of the orders that were the customer's, some at a time; () once if there are none."""
    orders = Order.objects.filter(subject=str(run.pk)).order_by("pk")
    return chunks(list(orders.values_list("pk", flat=True)))


def _ids(*rows: QuerySet[Any]) -> list[str]:
    return [str(pk) for each in rows for pk in each.order_by().values_list("pk", flat=True)]


ERASURE = Saga(
    app=APP,
    name="erasure",
    steps=(
        Pseudonymise(),
        Deliver(),
        Forget("receipt", receipt.forget),
        Forget("invoice", invoice.forget),
        Forget("product", product.forget),
        ForgetHere(),
    ),
    patience=timedelta(seconds=60),
)
