"""The shop in this process, and what scenarios need of it besides its public doors."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.test import Client

from apps.payment.models import SandboxCharge
from apps.product.models import Category, Product
from extract.audit import Broken, audit
from extract.call import Fault, Wire, bound
from extract.call.contract import Method
from extract.data import app_aliases, owned
from extract.event import worker
from extract.event.envelope import Envelope
from extract.event.inbox import receive
from extract.event.models import InboxEvent, OutboxEvent
from extract.saga import resume_due
from extract.saga.models import SagaRun
from tests.scenarios.shop import PASSWORD, Answer, Shop

SETTLES_WITHIN = 30.0


class ClientTransport:
    """Django's test client as one visitor's browser, with the CSRF check on."""

    def __init__(self) -> None:
        self._client = Client(enforce_csrf_checks=True, raise_request_exception=False)

    def send(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        answered = self._client.generic(
            method,
            path,
            body,
            content_type=headers.get("Content-Type", ""),
            headers={name: value for name, value in headers.items() if name != "Content-Type"},
        )
        content = b"".join(answered) if answered.streaming else answered.content
        found = {name.lower(): value for name, value in answered.items()}
        return Answer(status=answered.status_code, headers=found, body=content)


class InProcess:
    """Where the scenarios take place. Another placement offers the same methods."""

    def visitor(self) -> Shop:
        """Somebody who was never here before."""
        return Shop(ClientTransport())

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

    def account(self, email: str, *, is_staff: bool = False) -> str:
        """Make an account with the scenarios' password; returns its e-mail."""
        from shop.accounts.models import User

        User.objects.create_user(email, PASSWORD, is_staff=is_staff)
        return email

    def work(self) -> None:
        """Do what is due now, once; what fails is due again later."""
        for app in app_aliases():
            resume_due(app)
        worker.drain()

    def settle(self) -> None:
        """Wait until no saga, event or second step is under way or due again."""
        until = time.monotonic() + SETTLES_WITHIN
        while True:
            self.work()
            if not (left := _under_way()):
                return
            assert time.monotonic() < until, f"still under way: {left}"
            time.sleep(0.02)

    def broken(self) -> tuple[Broken, ...]:
        """The invariants that do not hold."""
        return audit(pauses=(0.05, 0.2))

    def charges(self) -> list[tuple[Decimal, Decimal]]:
        """What the payment provider's own books say was taken, and paid back of it."""
        charges = SandboxCharge.objects.filter(voided=False).order_by("created_at")
        return list(charges.values_list("amount", "refunded"))

    def mails(self) -> list[EmailMessage]:
        """Every mail sent, in no particular order."""
        files = Path(settings.MAILS_DIR).glob("*.eml")
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]

    @contextmanager
    def away(self, app: str, *methods: str, losing_answers: bool = False) -> Iterator[None]:
        """Let calls to the app fail (or only those to ``methods``) while the block runs.

        Their connections are refused, or the work is done and the answers are lost.
        """
        fault = Fault.LOSE_ANSWER if losing_answers else Fault.REFUSE_CONNECTION

        def strikes(method: Method) -> Fault | None:
            return fault if not methods or method.name in methods else None

        with bound(Wire(fault=strikes), app):
            yield

    @contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        """Let every call between apps take that much longer while the block runs."""
        with bound(Wire(latency=seconds), *app_aliases()):
            yield

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
            f"{app} inbox": InboxEvent.objects.using(app).filter(state="recorded").count(),
        }
    return {what: number for what, number in found.items() if number}
