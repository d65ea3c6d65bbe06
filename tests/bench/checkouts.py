"""Checkouts a second, and what the saga costs against one transaction that does the same work."""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest import mock

import msgspec
from django.conf import settings
from django.db import connections
from django.test import override_settings
from django.utils import timezone

from apps.invoice import services as invoices
from apps.payment import access, carts, ledger, pricing
from apps.payment.checkout import Address, place
from apps.payment.checkout.saga import _buyer, document_line
from apps.payment.contract import OrderPaid
from apps.payment.models import Cart, Charge, Order, OrderLine
from apps.payment.providers import provider_named
from apps.product import stock
from apps.product.contract import Item, Money
from apps.product.models import Product
from apps.product.queries import quotes
from extract.data import owned
from extract.event import publish
from tests.bench.measure import Figure

ONE = "payment"
LINES = 3
CHECKOUTS = 30
ROUNDS = 5
BUYER: dict[str, Any] = {
    "subject": "",
    "email": "bench@example.com",
    "name": "Bench",
    "address": Address(line1="1 Lane", city="Town", postcode="T1", country="GB"),
}


def run() -> list[Figure]:
    skus = list(Product.objects.filter(on_hand__gt=40).values_list("sku", flat=True)[:LINES])
    with owned("product"):
        products = Product.objects.filter(sku__in=skus)
        products.update(initial=10**6, on_hand=10**6, reserved=0, sold=0, restocked=0)
    database = connections[ONE].vendor
    by_saga, by_one = [], []
    for _ in range(ROUNDS):
        by_saga.append(_seconds(lambda cart: _by_saga(cart), skus))
        with everything_in_one_database():
            by_one.append(_seconds(lambda cart: _in_one_transaction(cart), skus))
    ratios = [one / saga for saga, one in zip(by_saga, by_one, strict=True)]
    n = ROUNDS * CHECKOUTS
    return [
        Figure(
            name=f"checkouts/s, {database}, one buyer at a time",
            value=1 / statistics.median(by_saga),
            unit="1/s",
            n=n,
            against="one transaction, same work",
            baseline=1 / statistics.median(by_one),
            ratio=statistics.median(ratios),
            spread=(min(ratios), max(ratios)),
            note=f"{LINES} lines, PDF included",
        ),
        _concurrent(database, skus),
        *_parts(database, skus),
    ]


def _seconds(checkout: Callable[[Cart], object], skus: list[str]) -> float:
    filled = [_fill_cart(skus) for _ in range(CHECKOUTS)]
    started = time.perf_counter()
    for cart in filled:
        checkout(cart)
    return (time.perf_counter() - started) / CHECKOUTS


def _fill_cart(skus: list[str]) -> Cart:
    cart = carts.cart_new(subject="")
    with owned("payment"):
        cart.save(force_insert=True)
        cart.items.bulk_create(cart.items.model(cart=cart, sku=sku, quantity=2) for sku in skus)
    return cart


def _by_saga(cart: Cart) -> None:
    answer = place(
        key=str(uuid.uuid4()), cart_id=cart.pk, provider="test", token="tok_visa", **BUYER
    )
    assert answer.status == 201, answer


def _in_one_transaction(cart: Cart) -> None:
    """The same rows and the same PDF, as a shop would write them that never means to split."""
    order_id = uuid.uuid4()
    quantities = {item.sku: item.quantity for item in cart.items.all()}
    items = tuple(Item(sku=sku, quantity=quantity) for sku, quantity in quantities.items())
    priced = pricing.price_goods(quotes(quantities), quantities, "GB")
    with owned(ONE):
        stock.stock_reserve(checkout=order_id, items=items)
        order = Order.objects.create(
            id=order_id,
            status=Order.Status.PAID,
            email=BUYER["email"],
            name=BUYER["name"],
            currency=settings.CURRENCY,
            net=priced.net,
            vat=priced.vat,
            total=priced.total,
            placed_at=timezone.now(),
            **msgspec.structs.asdict(BUYER["address"]),
        )
        lines = OrderLine.objects.bulk_create(
            OrderLine(order=order, **msgspec.structs.asdict(line)) for line in priced.lines
        )
        (taken,) = provider_named("test").charge(
            key=str(order_id), amount=order.total, currency=order.currency, token="tok_visa"
        )
        Charge.objects.create(
            order=order,
            provider="test",
            reference=taken.reference,
            amount=taken.amount,
            currency=taken.currency,
        )
        ledger.book_charge(order=order, reference=taken.reference)
        Cart.objects.filter(pk=cart.pk).update(state=Cart.State.ORDERED, order=order_id)
        document = invoices.invoice_issue(
            order=order_id,
            subject="",
            access_hash=access.token_hash(order_id),
            buyer=_buyer(order),
            currency=order.currency,
            lines=tuple(document_line(line) for line in lines),
            supplied_at=order.placed_at,
        )
        Order.objects.filter(pk=order_id).update(invoice_number=document.number)
        stock.stock_sell(checkout=order_id)
        publish(
            OrderPaid(
                order=order_id,
                subject="",
                email=order.email,
                name=order.name,
                access_hash=access.token_hash(order_id),
                invoice=document.number,
                total=Money(amount=order.total, currency=order.currency),
                placed_at=order.placed_at,
                silent=False,
            ),
            aggregate=str(order_id),
        )
    invoices.pdf_keep(document)


@contextmanager
def everything_in_one_database() -> Iterator[None]:
    """All apps' tables on one connection, so that one transaction can hold them."""
    connection = connections[ONE]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for app in ("product", "invoice"):
                cursor.execute(f"ATTACH DATABASE %s AS {app}", [settings.DATABASES[app]["NAME"]])
        else:
            cursor.execute("SET search_path = payment, product, invoice, public")
    with (
        override_settings(DATABASE_ROUTERS=["tests.bench.checkouts.OneRouter"]),
        mock.patch("extract.data.door.alias_of", return_value=ONE),
        mock.patch("extract.data.door._check_ownership", _own_only_once()),
    ):
        yield
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for app in ("product", "invoice"):
                cursor.execute(f"DETACH DATABASE {app}")
        else:
            cursor.execute("SET search_path = payment")


def _own_only_once() -> Callable[[Any, str], None]:
    from extract.data.door import _check_ownership

    return lambda connection, app: _check_ownership(connection, app) if app == ONE else None


class OneRouter:
    """Everything in one alias."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return ONE

    db_for_write = db_for_read

    def allow_relation(self, *objects: Any, **hints: Any) -> bool:
        return True


def _concurrent(database: str, skus: list[str], buyers: int = 8) -> Figure:
    filled = [_fill_cart(skus) for _ in range(CHECKOUTS * 4)]

    def buy(cart: Cart) -> None:
        try:
            _by_saga(cart)
        finally:
            connections["default"].close_if_unusable_or_obsolete()

    started = time.perf_counter()
    with ThreadPoolExecutor(buyers) as pool:
        list(pool.map(buy, filled))
    rate = len(filled) / (time.perf_counter() - started)
    return Figure(
        name=f"checkouts/s, {database}, {buyers} buyers at once", value=rate, unit="1/s",
        n=len(filled),
    )  # fmt: skip


def _parts(database: str, skus: list[str]) -> list[Figure]:
    """Where the time of a checkout goes: seconds spent in SQL, in the PDF, in the rest."""
    from django.test.utils import CaptureQueriesContext

    from apps.invoice import pdf

    pdf_seconds: list[float] = []
    render = pdf.render_pdf

    def timed(document: Any) -> bytes:
        started = time.perf_counter()
        try:
            return render(document)
        finally:
            pdf_seconds.append(time.perf_counter() - started)

    carts_ = [_fill_cart(skus) for _ in range(10)]
    captured = [CaptureQueriesContext(c) for c in connections.all(initialized_only=True)]
    with mock.patch("apps.invoice.services.render_pdf", timed):
        for context in captured:
            context.__enter__()
        started = time.perf_counter()
        for cart in carts_:
            _by_saga(cart)
        total = (time.perf_counter() - started) / len(carts_)
        for context in captured:
            context.__exit__(None, None, None)
    queries = [query for context in captured for query in context.captured_queries]
    sql = sum(float(query["time"]) for query in queries) / len(carts_)
    pdf = sum(pdf_seconds) / len(carts_)
    note = (
        f"{total * 1e3:.1f} ms = SQL {sql * 1e3:.1f} + PDF {pdf * 1e3:.1f} "
        f"+ rest {(total - sql - pdf) * 1e3:.1f}"
    )
    per_checkout = len(queries) / len(carts_)
    name = f"statements in a checkout, {database}"
    return [Figure(name=name, value=per_checkout, unit="queries", n=len(carts_), note=note)]
