"""The checkout saga: reserve, capture (the pivot), invoice, sell. Its id is the order's."""

from __future__ import annotations

from datetime import timedelta

from apps.invoice.contract import Buyer, DocumentLine, InvoiceContract, Issued
from apps.payment import access, ledger
from apps.payment.contract import OrderPaid
from apps.payment.models import Cart, Charge, Order, OrderLine
from apps.payment.pricing import SHIPPING
from apps.payment.providers import ChargeAnswer, provider_named
from apps.payment.refusals import of_refusal
from apps.product.contract import Item, Money, ProductContract
from extract.call import handle
from extract.data import idempotency
from extract.event import publish
from extract.saga import Saga, Step
from extract.saga.models import SagaRun

product = handle(ProductContract)
invoice = handle(InvoiceContract)


class Reserve(Step):
    name = "reserve"

    def act(self, run: SagaRun) -> None:
        lines = OrderLine.objects.filter(order=run.pk).exclude(sku=SHIPPING)
        items = tuple(Item(sku=line.sku, quantity=line.quantity) for line in lines)
        product.reserve(checkout=run.pk, items=items)

    def undo(self, run: SagaRun) -> None:
        product.release(checkout=run.pk)


class Capture(Step):
    name = "capture"
    pivot = True

    def act(self, run: SagaRun) -> tuple[ChargeAnswer, ...]:
        order = Order.objects.get(pk=run.pk)
        return provider_named(run.state["provider"]).charge(
            key=str(order.pk),
            amount=order.total,
            currency=order.currency,
            token=run.state["token"],
        )

    def record(self, run: SagaRun, outcome: tuple[ChargeAnswer, ...]) -> None:
        order = Order.objects.get(pk=run.pk)
        for answer in {answer.reference: answer for answer in outcome}.values():
            Charge.objects.create(
                order=order,
                provider=run.state["provider"],
                reference=answer.reference,
                amount=answer.amount,
                currency=answer.currency,
            )
            ledger.book_charge(order=order, reference=answer.reference)
        Order.objects.filter(pk=order.pk).update(status=Order.Status.PAID)
        Cart.objects.filter(order=order.pk).update(state=Cart.State.ORDERED)

    def undo(self, run: SagaRun) -> None:
        provider_named(run.state["provider"]).void(key=str(run.pk))


class Invoice(Step):
    name = "invoice"

    def act(self, run: SagaRun) -> Issued:
        order = Order.objects.prefetch_related("lines").get(pk=run.pk)
        return invoice.issue(
            order=order.pk,
            subject=order.subject,
            access_hash=access.token_hash(order.pk),
            buyer=_buyer(order),
            currency=order.currency,
            lines=tuple(document_line(line) for line in order.lines.all()),
            supplied_at=order.placed_at,
            with_pdf=not order.silent,
        )

    def record(self, run: SagaRun, outcome: Issued) -> None:
        order = Order.objects.get(pk=run.pk)
        Order.objects.filter(pk=order.pk).update(invoice_number=outcome.number)
        publish(
            OrderPaid(
                order=order.pk,
                subject=order.subject,
                email=order.email,
                name=order.name,
                access_hash=access.token_hash(order.pk),
                invoice=outcome.number,
                total=Money(amount=order.total, currency=order.currency),
                placed_at=order.placed_at,
                silent=order.silent,
            ),
            aggregate=str(order.pk),
        )


class Sell(Step):
    name = "sell"

    def act(self, run: SagaRun) -> None:
        product.sell(checkout=run.pk)


def _compensated(run: SagaRun) -> None:
    Order.objects.filter(pk=run.pk).update(status=Order.Status.CANCELLED)
    Cart.objects.filter(order=run.pk).update(state=Cart.State.OPEN, order=None)
    refused = of_refusal(run.refusal or {"error": "", "fields": {}})
    if refused.final:
        idempotency.settle("payment", work=run.pk, answer=refused.answer)
    else:
        idempotency.release("payment", work=run.pk)


def _buyer(order: Order) -> Buyer:
    return Buyer(
        name=order.name,
        email=order.email,
        line1=order.line1,
        line2=order.line2,
        city=order.city,
        postcode=order.postcode,
        country=order.country,
    )


def document_line(line: OrderLine) -> DocumentLine:
    """The order's line as it stands on its invoice."""
    return DocumentLine(
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        unit_price=line.unit_price,
        net=line.net,
        vat_rate=line.vat_rate,
        vat=line.vat,
    )


CHECKOUT = Saga(
    app="payment",
    name="checkout",
    steps=(Reserve(), Capture(), Invoice(), Sell()),
    patience=timedelta(seconds=60),
    compensated=_compensated,
)
