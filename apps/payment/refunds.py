"""Refunds, whole and by line: the money back, the pieces into stock, a credit note."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F

from apps.invoice.contract import DocumentLine, InvoiceContract, Issued
from apps.payment import keyed, ledger, problems
from apps.payment.contract import OrderRefunded
from apps.payment.models import Charge, Order, OrderLine, Refund, RefundLine
from apps.payment.pricing import SHIPPING, vat_of_part
from apps.payment.providers import provider_named
from apps.payment.refusals import IN_PROGRESS, Refused, problem
from apps.product.contract import Item, Money, ProductContract, penny
from extract.call import DeclaredError, handle
from extract.data import idempotency, owned
from extract.data.idempotency import Answer
from extract.edge import Problem
from extract.event import publish
from extract.saga import NotYet, Saga, Step, start
from extract.saga.models import SagaRun

product = handle(ProductContract)
invoice = handle(InvoiceContract)


class OrderNotFound(DeclaredError):
    """There is no such order."""


class InvoiceToFollow(NotYet):
    """The order's invoice is not there yet, so its credit note has to wait."""


class PayBack(Step):
    """The pivot. Whether money went back cannot be undone, only asked again."""

    name = "pay back"
    pivot = True
    undoable = False

    def act(self, run: SagaRun) -> None:
        refund = Refund.objects.get(pk=run.pk)
        charge = Charge.objects.get(order=refund.order_id)
        provider_named(charge.provider).refund(
            key=str(refund.pk), charge=charge.reference, amount=refund.amount
        )

    def record(self, run: SagaRun, outcome: None) -> None:
        refund = Refund.objects.select_related("order").get(pk=run.pk)
        lines = list(refund.lines.all())
        net = sum((line.net for line in lines), Decimal(0))
        vat = sum((line.vat for line in lines), Decimal(0))
        charge = Charge.objects.select_for_update().get(order=refund.order_id)
        charge.refunded += refund.amount
        whole = charge.refunded == charge.amount
        charge.state = Charge.State.REFUNDED if whole else Charge.State.CAPTURED
        charge.save(update_fields=["refunded", "state"])
        status = Order.Status.REFUNDED if whole else Order.Status.PARTLY_REFUNDED
        Order.objects.filter(pk=refund.order_id).update(status=status)
        Refund.objects.filter(pk=refund.pk).update(status=Refund.Status.DONE)
        ledger.book_refund(order=refund.order, reference=str(refund.pk), net=net, vat=vat)

    def undo(self, run: SagaRun) -> None:
        """Nothing was paid back: the provider refused."""


class Restock(Step):
    name = "restock"

    def act(self, run: SagaRun) -> None:
        lines = RefundLine.objects.filter(refund=run.pk).exclude(line__sku=SHIPPING)
        items = tuple(
            Item(sku=line.line.sku, quantity=line.quantity) for line in lines.select_related("line")
        )
        if items:
            product.restock(reference=run.pk, items=items)


class Credit(Step):
    name = "credit"

    def act(self, run: SagaRun) -> Issued:
        refund = Refund.objects.select_related("order").get(pk=run.pk)
        if not refund.order.invoice_number:
            raise InvoiceToFollow(f"Order {refund.order_id} has no invoice yet.")
        lines = refund.lines.select_related("line")
        return invoice.credit(
            refund=refund.pk,
            order=refund.order_id,
            lines=tuple(_document_line(line) for line in lines),
        )

    def record(self, run: SagaRun, outcome: Issued) -> None:
        refund = Refund.objects.select_related("order").get(pk=run.pk)
        Refund.objects.filter(pk=refund.pk).update(credit_note=outcome.number)
        order = refund.order
        publish(
            OrderRefunded(
                order=order.pk,
                refund=refund.pk,
                subject=order.subject,
                email=order.email,
                name=order.name,
                credit_note=outcome.number,
                total=Money(amount=refund.amount, currency=refund.currency),
                silent=order.silent,
            ),
            aggregate=str(order.pk),
        )


def _cancelled(run: SagaRun) -> None:
    for line in RefundLine.objects.filter(refund=run.pk):
        OrderLine.objects.filter(pk=line.line_id).update(
            refunded_quantity=F("refunded_quantity") - line.quantity,
            refunded_vat=F("refunded_vat") - line.vat,
        )
    Refund.objects.filter(pk=run.pk).update(status=Refund.Status.CANCELLED)
    idempotency.settle("payment", work=run.pk, answer=_of_refusal(run.refusal or {}).answer)


def _of_refusal(refusal: dict[str, Any]) -> Refused:
    """Only the provider can refuse a refund that was begun, and its no is the key's answer."""
    answer = problem(problems.RefundRefused, "The payment provider refused the refund.")
    return Refused(answer, final=True)


REFUND = Saga(
    app="payment",
    name="refund",
    steps=(PayBack(), Restock(), Credit()),
    patience=timedelta(seconds=60),
    compensated=_cancelled,
)


def request(
    *,
    key: str,
    order_id: uuid.UUID,
    lines: Sequence[tuple[int, int]] | None,
    requested_by: str,
    refund_id: uuid.UUID | None = None,
) -> Answer:
    """Refund ``(line id, quantity)`` pairs, or all that is left with None; once per ``key``.

    Answers 201 with ``credit_note`` and ``total``. Raises ``OrderNotFound``, or ``Refused``.
    """
    scope = f"refund:{requested_by}"
    content = idempotency.fingerprint(str(order_id), lines)
    work = refund_id or uuid.uuid4()
    if found := keyed.earlier(scope=scope, key=key, content=content):
        return keyed.repeated_answer(KEYED, found.work)
    try:
        with owned("payment"):
            idempotency.claim("payment", scope=scope, key=key, content=content, work=work)
            _write_refund(work, order_id, lines, requested_by)
            lease = start(REFUND, id=work, state={})
    except idempotency.KeyTaken:
        if found := keyed.earlier(scope=scope, key=key, content=content):
            return keyed.repeated_answer(KEYED, found.work)
        raise Refused(IN_PROGRESS) from None
    return keyed.first_answer(KEYED, work, lease)


def _write_refund(
    refund_id: uuid.UUID,
    order_id: uuid.UUID,
    lines: Sequence[tuple[int, int]] | None,
    requested_by: str,
) -> None:
    order = Order.objects.select_for_update().filter(pk=order_id).first()
    if order is None:
        raise OrderNotFound()
    if order.status not in Order.PAID_STATES:
        raise _refused(
            problems.NotRefundable, "This order is not paid, so nothing can be refunded."
        )
    by_id = {line.pk: line for line in order.lines.all()}
    if lines is None:
        lines = [(pk, line.quantity - line.refunded_quantity) for pk, line in by_id.items()]
        lines = [(pk, quantity) for pk, quantity in lines if quantity]
        if not lines:
            raise _refused(problems.NothingToRefund, "Nothing of this order is left to refund.")
    taken = [_take_back(by_id, pk, quantity) for pk, quantity in lines]
    amount = sum((line.net + line.vat for line in taken), Decimal(0))
    if not amount:
        raise _refused(
            problems.NothingToRefund, "These lines cost nothing, so nothing is refunded."
        )
    refund = Refund.objects.create(
        id=refund_id,
        order=order,
        amount=amount,
        currency=order.currency,
        requested_by=requested_by,
    )
    for line in taken:
        line.refund = refund
    RefundLine.objects.bulk_create(taken)


def amount_of(line: OrderLine, quantity: int) -> Decimal:
    """What is paid back for the next ``quantity`` pieces of the line, VAT included."""
    return penny(line.unit_price * quantity) + _vat_of_next(line, quantity)


def _vat_of_next(line: OrderLine, quantity: int) -> Decimal:
    return vat_of_part(
        unit_price=line.unit_price,
        rate=line.vat_rate,
        quantity=line.quantity,
        vat=line.vat,
        before=line.refunded_quantity,
        back_before=line.refunded_vat,
        pieces=quantity,
    )


def _take_back(lines: dict[int, OrderLine], pk: int, quantity: int) -> RefundLine:
    """Mark pieces of a line as refunded."""
    line = lines.get(pk)
    if line is None:
        raise _refused(problems.UnknownLine, f"This order has no line {pk}.")
    refunded = line.refunded_quantity + quantity
    if refunded > line.quantity:
        left = line.quantity - line.refunded_quantity
        raise _refused(problems.AlreadyRefunded, f"Only {left} of line {pk} can still be refunded.")
    vat = _vat_of_next(line, quantity)
    line.refunded_quantity, line.refunded_vat = refunded, line.refunded_vat + vat
    line.save(update_fields=["refunded_quantity", "refunded_vat"])
    return RefundLine(line=line, quantity=quantity, net=penny(line.unit_price * quantity), vat=vat)


def _document_line(line: RefundLine) -> DocumentLine:
    return DocumentLine(
        sku=line.line.sku,
        name=line.line.name,
        quantity=line.quantity,
        unit_price=line.line.unit_price,
        net=line.net,
        vat_rate=line.line.vat_rate,
        vat=line.vat,
    )


def _refunded_answer(refund_id: uuid.UUID) -> Answer:
    refund = Refund.objects.get(pk=refund_id)
    total = {"amount": str(refund.amount), "currency": refund.currency}
    return Answer(status=201, body={"credit_note": refund.credit_note or None, "total": total})


def _refused(kind: type[Problem], detail: str) -> Refused:
    return Refused(problem(kind, detail))


KEYED = keyed.KeyedSaga(saga=REFUND, done=_refunded_answer, refused=_of_refusal)
