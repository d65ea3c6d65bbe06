"""Where scenarios take place, and what they need of it besides its public doors.

The rows are read and written through this process's own connections, wherever the shop is.
"""

from __future__ import annotations

import time
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings

from apps.payment.models import SandboxCharge
from apps.product.models import Category, Product
from extract.audit import Broken, audit
from extract.data import app_aliases, owned
from extract.event.envelope import Envelope
from extract.event.inbox import receive
from extract.event.models import InboxEvent, OutboxEvent
from extract.saga.models import SagaRun
from tests.scenarios.shop import Shop

SETTLES_WITHIN = 30.0


class Place:
    """A placement of the shop. How visitors get there is the affair of its kinds."""

    def visitor(self) -> Shop:
        """Somebody who was never here before."""
        raise NotImplementedError

    def account(self, email: str, *, is_staff: bool = False) -> str:
        """Make an account with the scenarios' password; returns its e-mail."""
        raise NotImplementedError

    def work(self) -> None:
        """Let what is due be done; what fails is due again later."""
        raise NotImplementedError

    def stock(self, sku: str, quantity: int = 10, *, price: str = "10.00") -> str:
        """Put a new product on sale; returns the path of its page."""
        with owned("product"):
            category, _ = Category.objects.get_or_create(name="Things", slug="things")
            product = Product.objects.create(
                sku=sku,
                slug=sku.lower(),
                name=f"The {sku.lower()}",
                category=category,
                price=Decimal(price),
                initial=quantity,
                on_hand=quantity,
            )
        return product.get_absolute_url()

    def settle(self) -> None:
        """Wait until no saga, event or second step is under way or due again."""
        until = time.monotonic() + SETTLES_WITHIN
        while True:
            self.work()
            if not (left := _under_way()):
                return
            assert time.monotonic() < until, f"still under way: {left}; {_errors()}"
            time.sleep(0.02)

    def assert_at_peace(self) -> None:
        """All work is done, and no invariant broken."""
        self.settle()
        assert self.broken() == ()

    def broken(self) -> tuple[Broken, ...]:
        """The invariants that do not hold."""
        return audit(delays=(0.05, 0.2))

    def charges(self) -> list[tuple[Decimal, Decimal]]:
        """What the payment provider's own books say was taken, and paid back of it."""
        charges = SandboxCharge.objects.filter(voided=False).order_by("created_at")
        return list(charges.values_list("amount", "refunded"))

    def mails(self) -> list[EmailMessage]:
        """Every mail sent, in no particular order."""
        files = Path(settings.MAILS_DIR).glob("*.eml")
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]

    def deliver_again(self, order: str) -> list[bool]:
        """Hand every event about the order to its subscriber again: was each taken for new?"""
        rows = OutboxEvent.objects.using("payment").filter(aggregate=order)
        return [receive(row.subscriber, Envelope.of(row)) for row in rows]

    def trail(self, correlation_id: str) -> set[str]:
        """Where that id is found in the layer's tables: ``payment outbox`` and so on."""
        kinds = {"outbox": OutboxEvent, "inbox": InboxEvent, "saga": SagaRun}
        return {
            f"{app} {kind}"
            for app in app_aliases()
            for kind, model in kinds.items()
            if model._default_manager.using(app).filter(correlation_id=correlation_id).exists()
        }


def _under_way() -> dict[str, int]:
    found: dict[str, int] = {}
    for app in app_aliases():
        found |= {
            f"{app} sagas": SagaRun.objects.using(app)
            .filter(status__in=SagaRun.UNFINISHED)
            .count(),
            f"{app} outbox": OutboxEvent.objects.using(app).filter(state="waiting").count(),
            f"{app} inbox": InboxEvent.objects.using(app).filter(state="waiting").count(),
        }
    return {what: number for what, number in found.items() if number}


def _errors() -> list[str]:
    """Why what waits was not done yet."""
    kinds = (OutboxEvent, InboxEvent)
    rows = [kind._default_manager.using(app) for app in app_aliases() for kind in kinds]
    return [
        row.last_error for each in rows for row in each.exclude(state="done").exclude(last_error="")
    ]
