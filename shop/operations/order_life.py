"""What has happened to an order, in every app, and what an operator can do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

import msgspec
from django.conf import settings
from django.db import models
from django.http import HttpRequest
from django.urls import reverse

from apps.invoice.models import Document
from apps.payment.models import Charge, Order, Refund
from apps.product.models import Reservation
from apps.receipt.models import Receipt, Resend
from extract.event.models import InboxEvent, OutboxEvent
from extract.saga.models import SagaRun
from shop.operations.models import PROXIES
from shop.operations.reading import Reading, list_of, page_of


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. ``link`` leads to its row, ``trouble`` is what is wrong with it."""

    at: datetime
    what: str
    link: str
    trouble: str = ""


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """What can be done: a link; or, with an ``action``, that action of the list at ``url`` on the
    row ``pk``."""

    label: str
    url: str
    action: str = ""
    pk: str = ""


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """``away`` names the apps whose databases did not answer."""

    steps: tuple[Step, ...]
    deeds: tuple[Deed, ...]
    away: tuple[str, ...]


Told = Iterator[Step | Deed]
Teller = Callable[[Reading, Order], Told]


def life_of(order: Order, request: HttpRequest) -> Life:
    """As far as the reader may see it."""
    reading = Reading(request)
    tellers: tuple[tuple[str, type[models.Model], Teller], ...] = (
        ("payment", Order, _order),
        ("payment", SAGAS, _sagas),
        ("payment", Charge, _charges),
        ("payment", Refund, _refunds),
        ("product", Reservation, _stock),
        ("invoice", Document, _documents),
        ("receipt", Receipt, _receipts),
        ("receipt", Resend, _resends),
        ("payment", PROXIES["payment", OutboxEvent], _on_the_way),
        *((app, PROXIES[app, InboxEvent], partial(_arrived, app)) for app in settings.APP_LABELS),
    )
    told: list[Step | Deed] = []
    for app, model, tell in tellers:
        if reading.may_see(model):
            told += reading.ask(app, partial(_all, tell, reading, order)) or ()
    steps = [each for each in told if isinstance(each, Step)]
    return Life(
        steps=tuple(sorted(steps, key=lambda step: step.at)),
        deeds=tuple(each for each in told if isinstance(each, Deed)),
        away=tuple(sorted(reading.away)),
    )


def _all(tell: Teller, reading: Reading, order: Order) -> list[Step | Deed]:
    return list(tell(reading, order))


def _order(reading: Reading, order: Order) -> Told:
    yield Step(at=order.placed_at, what="Order placed", link=page_of(order))
    if reading.may_act(Order, "refund_whole") and order.status in Order.PAID_STATES:
        refund = reverse("admin:payment_order_refund_order", args=[order.pk])
        yield Deed(label="Refund …", url=refund)


SAGAS = PROXIES["payment", SagaRun]


def _sagas(reading: Reading, order: Order) -> Told:
    ids = [order.pk, *order.refunds.values_list("pk", flat=True)]
    for run in reading.rows(SAGAS).filter(pk__in=ids):
        link, is_over = page_of(run), run.status not in SagaRun.UNFINISHED
        yield Step(at=run.created_at, what=f"{run.saga.capitalize()} began", link=link)
        state = run.status if is_over else f"{run.status} at {run.step}"
        what = f"{run.saga.capitalize()} {state}"
        yield Step(
            at=run.updated_at, what=what, link=link, trouble="" if is_over else run.last_error
        )
        if not is_over and reading.may_act(SAGAS, "retry"):
            yield _deed(f"Try the {run.saga} again now", run, "retry")


def _charges(reading: Reading, order: Order) -> Told:
    for charge in reading.rows(Charge).filter(order=order):
        what = f"Charged {charge.amount} {charge.currency} by {charge.provider}"
        yield Step(at=charge.captured_at, what=what, link=page_of(charge))


def _refunds(reading: Reading, order: Order) -> Told:
    for refund in reading.rows(Refund).filter(order=order):
        what = f"Refund of {refund.amount} {refund.currency}, {refund.status}"
        yield Step(at=refund.created_at, what=what, link=page_of(refund))


def _stock(reading: Reading, order: Order) -> Told:
    for held in reading.rows(Reservation).filter(pk=order.pk):
        yield Step(at=held.created_at, what="Stock reserved", link=page_of(held))
        if held.state != Reservation.State.HELD:
            yield Step(at=held.updated_at, what=f"Stock {held.state}", link=page_of(held))


def _documents(reading: Reading, order: Order) -> Told:
    for document in reading.rows(Document).filter(order=order.pk):
        what = f"{document.kind.capitalize()} {document.number}"
        yield Step(at=document.issued_at, what=what, link=page_of(document))


def _receipts(reading: Reading, order: Order) -> Told:
    for receipt in reading.rows(Receipt).filter(order=order.pk):
        link, mail = page_of(receipt), f"Mail about {receipt.document}"
        trouble = "" if receipt.status == Receipt.Status.SENT else receipt.last_error
        what = f"{mail}: {receipt.status}"
        if receipt.sent_at is None:
            yield Step(at=receipt.created_at, what=what, link=link, trouble=trouble)
        else:
            yield Step(at=receipt.created_at, what=f"{mail}: queued", link=link)
            yield Step(at=receipt.sent_at, what=what, link=link, trouble=trouble)
        is_sendable = receipt.status != Receipt.Status.SUPPRESSED
        if is_sendable and reading.may_act(Receipt, "resend"):
            yield _deed(f"Send the {mail.lower()} again …", receipt, "resend")


def _resends(reading: Reading, order: Order) -> Told:
    for resend in reading.rows(Resend).filter(receipt__order=order.pk).select_related("receipt"):
        what = f"Mail about {resend.receipt.document} asked for again by {resend.asked_by}"
        yield Step(at=resend.asked_at, what=what, link=page_of(resend), trouble=resend.error)


def _on_the_way(reading: Reading, order: Order) -> Told:
    waiting = reading.rows(PROXIES["payment", OutboxEvent]).filter(
        state=OutboxEvent.State.WAITING,
        subscriber__in=settings.APP_LABELS,
        aggregate=str(order.pk),
    )
    for event in waiting:
        what = f"{event.type} waits for {event.subscriber}"
        yield Step(at=event.occurred_at, what=what, link=page_of(event), trouble=event.last_error)


def _arrived(app: str, reading: Reading, order: Order) -> Told:
    inbox = PROXIES[app, InboxEvent]
    for event in reading.rows(inbox).filter(aggregate=str(order.pk)):
        is_dead = event.state == InboxEvent.State.DEAD
        state = "a dead letter" if is_dead else event.state
        trouble = "" if event.state == InboxEvent.State.DONE else event.last_error
        what = f"{event.type} at {app}: {state}"
        yield Step(at=event.occurred_at, what=what, link=page_of(event), trouble=trouble)
        if is_dead and reading.may_act(inbox, "retry"):
            yield _deed(f"Retry {event.type} …", event, "retry")
        if is_dead and reading.may_act(inbox, "discard"):
            yield _deed(f"Discard {event.type} …", event, "discard")


def _deed(label: str, row: models.Model, action: str) -> Deed:
    return Deed(label=label, url=list_of(type(row)), action=action, pk=str(row.pk))
