"""How many of what needs somebody: one figure each, counted by the condition that its list has."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.payment.models import Order, Refund
from apps.payment.queries import (
    invoice_is_late,
    refund_under_way_too_long,
    under_way_too_long,
)
from apps.product.models import Product
from apps.product.queries import RUNNING_LOW, SOLD_OUT
from apps.receipt.models import Receipt
from apps.receipt.queries import failed_lately, queued_too_long
from extract.event.models import InboxEvent
from shop.operations.models import PROXIES
from shop.operations.reading import Reading, list_of


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """``count`` is None where the database that knows is away; ``link`` is the list of those."""

    name: str
    count: int | None
    link: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """``listed`` is what the list of the model is told to show rows under ``condition`` alone."""

    name: str
    app: str
    model: type[models.Model]
    condition: Callable[[], Q]
    listed: dict[str, str]


def _dead_letters(app: str) -> Asked:
    return Asked(
        name=f"Dead letters of {app}",
        app=app,
        model=PROXIES[app, InboxEvent],
        condition=lambda: Q(state=InboxEvent.State.DEAD),
        listed={"state__exact": InboxEvent.State.DEAD},
    )


ASKED = (
    Asked(
        name="Orders under way too long",
        app="payment",
        model=Order,
        condition=under_way_too_long,
        listed={"attention": "under-way"},
    ),
    Asked(
        name="Invoices that are late",
        app="payment",
        model=Order,
        condition=invoice_is_late,
        listed={"attention": "no-invoice"},
    ),
    Asked(
        name="Refunds under way too long",
        app="payment",
        model=Refund,
        condition=refund_under_way_too_long,
        listed={"attention": "under-way"},
    ),
    Asked(
        name="Mails that failed, in two weeks",
        app="receipt",
        model=Receipt,
        condition=failed_lately,
        listed={"attention": "failed"},
    ),
    Asked(
        name="Mails that wait too long",
        app="receipt",
        model=Receipt,
        condition=queued_too_long,
        listed={"attention": "late"},
    ),
    *map(_dead_letters, settings.APP_LABELS),
    # The catalogue is read whole: an index of stock would have to be kept by every checkout.
    Asked(
        name="Products sold out",
        app="product",
        model=Product,
        condition=lambda: Q(is_active=True) & SOLD_OUT,
        listed={"is_active__exact": "1", "stock": "out"},
    ),
    Asked(
        name="Products running low",
        app="product",
        model=Product,
        condition=lambda: Q(is_active=True) & RUNNING_LOW,
        listed={"is_active__exact": "1", "stock": "low"},
    ),
)


def figures(reading: Reading) -> list[Figure]:
    """Those of whose lists the reader may see."""
    return [
        Figure(
            name=asked.name,
            count=reading.ask(asked.app, reading.rows(asked.model).filter(asked.condition()).count),
            link=list_of(asked.model, **asked.listed),
        )
        for asked in ASKED
        if reading.may_see(asked.model)
    ]
