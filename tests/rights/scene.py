"""Two customers of whom the shop has a history, and a look at everything that it keeps."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connections, models, router
from django.test import Client
from django.utils import timezone

from apps.payment.models import Order
from apps.receipt.models import Receipt
from apps.receipt.services import resend_ask
from extract.call import NotSent
from extract.data import app_aliases, owned
from extract.event import background
from extract.saga.models import SagaRun
from extract.saga.sweep import sweep_app
from extract.subject.rows import columns
from shop.accounts.models import User
from shop.rights import erasure
from shop.rights.models import Request
from tests.apps.payment.buying import filled_cart, operator, pay, refund, stocked

PASSWORD = "correct-horse-9"


@dataclass
class Customer:
    """Who bought here under ``email``, which is proved; all that is told of them is their own."""

    first: str
    last: str
    user: User = field(init=False)
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        names = {"first_name": self.first, "last_name": self.last}
        self.user = User.objects.create_user(self.email, PASSWORD, proved_email=self.email, **names)
        self.client = self.signed_in()

    @property
    def email(self) -> str:
        return f"{self.first.lower()}@{self.last.lower()}.example"

    @property
    def traces(self) -> list[str]:
        """What betrays them wherever it stands."""
        return [self.first, self.last, str(self.user.subject)]

    @property
    def said(self) -> dict[str, Any]:
        """What a checkout asks for."""
        address = {"line1": f"1 {self.last} Mansions", "city": f"{self.last}ville", "country": "GB"}
        return {"email": self.email, "name": f"{self.first} {self.last}", "address": address}

    def signed_in(self) -> Client:
        client = Client()
        sign_in = {"username": self.email, "password": PASSWORD}
        assert client.post("/accounts/login/", sign_in).status_code == 302
        return client

    def buys(self, client: Client | None = None, **more: Any) -> dict[str, Any]:
        buyer = client or self.client
        answer = pay(buyer, filled_cart(buyer, LAMP=2), **(self.said | more))
        assert answer.status_code in (201, 402), answer.content
        return dict(answer.json())

    def has_a_history(self) -> None:
        """Orders, one partly refunded, one declined; a guest's that was claimed, and one that was
        not yet; a receipt sent twice; a cart."""
        order = self.buys()["order"]
        self.buys(token="tok_declined")
        self.buys(Client())
        self.signed_in()
        settle()
        line = Order.objects.get(pk=order).lines.first()
        staff = operator(f"staff{self.user.pk}@shop.example")
        body = {"lines": [{"line": line.pk, "quantity": 1}]}
        assert refund(staff, order, body).status_code == 201
        settle()
        resend_ask(receipts=Receipt.objects.filter(pk=order), batch=uuid.uuid4(), by="staff")
        self.buys(Client())
        filled_cart(self.client)
        settle()


class Away:
    """A binding whose app cannot be reached."""

    def call(self, method: Any, arguments: dict[str, Any]) -> Any:
        raise NotSent(method.label, "nobody is there")


def open_shop() -> None:
    stocked("LAMP", quantity=500)


def settle() -> None:
    """Let all that is due be done."""
    for _ in range(3):
        for app in app_aliases():
            sweep_app(app)
        background.drain()


def erased(customer: Customer) -> None:
    """Ask, and see it through as far as it goes."""
    go_on(erasure.ask(customer.user))


def go_on(request: Request) -> None:
    """What the background does, all waiting over: until there is nothing more to do."""
    for _ in range(3):
        with owned("payment"):
            unfinished = SagaRun.objects.using("payment").filter(status__in=SagaRun.UNFINISHED)
            unfinished.update(due_at=timezone.now())
        settle()
        erasure.try_again([request])
        erasure.advance_due()
    request.refresh_from_db()


def kept() -> Iterator[tuple[str, type[models.Model], Any]]:
    """Every table of every alias: the alias, the model and its rows."""
    for alias in connections:
        for model in apps.get_models(include_auto_created=True):
            options = model._meta
            if options.managed and not options.proxy and router.allow_migrate_model(alias, model):
                yield alias, model, model._base_manager.using(alias)


def found(text: str, *, but: frozenset[str] = frozenset()) -> set[str]:
    """The columns in which the text stands, in any case, as ``alias table.column``."""
    places = set()
    for alias, model, rows in kept():
        if model._meta.db_table in but:
            continue
        for row in rows.values(*columns(model)):
            for column, value in row.items():
                if text.lower() in str(value).lower():
                    places.add(f"{alias} {model._meta.db_table}.{column}")
    return places
