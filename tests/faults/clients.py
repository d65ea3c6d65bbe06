"""Clients of a shop that dies under them, and what its books must say of them afterwards."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.client import HTTPException

from tests.faults.served import Served, eventually
from tests.scenarios.shop import PASSWORD, Answer, Shop

ANSWERS_WITHIN = 30
MAY_BE_REPEATED = ("in-progress", "unavailable")


@dataclass
class Client:
    """Who repeats a keyed request until it is answered, and keeps every answer to it."""

    served: Served
    send: Callable[[Shop], Answer]
    is_staff: bool = False
    answers: list[Answer] = field(default_factory=list)

    def try_once(self) -> None:
        """Send it; the process may die of it."""
        shop = self.served.operator() if self.is_staff else self.served.visitor()
        with suppress(OSError, HTTPException):
            self.answers.append(self.send(shop))

    def repeat(self) -> Answer:
        """Send it until there is an answer, and once more; all there ever were are the same."""
        kept = len(self.answers)

        def is_answered() -> bool:
            self.try_once()
            if len(self.answers) > kept and self.answers[-1].problem in MAY_BE_REPEATED:
                self.answers.pop()
            return len(self.answers) >= kept + 2

        eventually(is_answered, lambda: self.answers, seconds=ANSWERS_WITHIN)
        assert len({(answer.status, answer.body) for answer in self.answers}) == 1
        return self.answers[0]


@dataclass
class Buyer:
    """A purchase of two vases, known by its e-mail address in every app's books."""

    served: Served
    token: str = "tok_visa"
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    email: str = field(default_factory=lambda: f"{uuid.uuid4()}@example.com")
    pieces: int = 0
    cart: str = ""

    def begin(self) -> Client:
        shop = self.served.visitor()
        self.pieces = shop.available("VASE")
        self.cart = shop.filled_cart(VASE=2)
        return Client(self.served, self.checkout)

    def checkout(self, shop: Shop) -> Answer:
        return shop.checkout(self.cart, key=self.key, token=self.token, email=self.email)

    def sold(self) -> int:
        return self.pieces - self.served.visitor().available("VASE")

    def orders(self) -> list[tuple[str, str]]:
        """Id and status of every order that was ever begun."""
        rows = self.served.rows(
            "payment", "SELECT id, status FROM payment_order WHERE email = ?", self.email
        )
        return [(str(uuid.UUID(str(id))), status) for id, status in rows]

    def is_charged_once(self, *, mails: int = 1, sendings: int = 1) -> None:
        """One order, charge, invoice and receipt; that many mails, so often sent at most."""
        ((order, status),) = self.orders()
        assert status != "cancelled"
        id = self.served.id(order)
        at_the_provider = "SELECT count(*) FROM payment_sandboxcharge WHERE NOT voided AND key = ?"
        assert self.served.count("payment", at_the_provider, order) == 1
        for app, sql in (
            ("payment", "SELECT count(*) FROM payment_charge WHERE order_id = ?"),
            ("invoice", 'SELECT count(*) FROM invoice_document WHERE "order" = ? '
                        "AND kind = 'invoice'"),
            ("receipt", "SELECT count(*) FROM receipt_receipt WHERE reference = ? "
                        "AND status = 'sent'"),
        ):  # fmt: skip
            assert self.served.count(app, sql, id) == 1, sql
        news = "SELECT count(*) FROM extract_outboxevent WHERE aggregate = ? AND type = ?"
        assert self.served.count("payment", news, order, "payment.OrderPaid") == 1
        sent = [str(m["Message-ID"]) for m in self.served.mails() if m["To"] == self.email]
        assert len(set(sent)) == mails
        assert mails <= len(sent) <= mails + sendings - 1

    def is_charged_nothing(self) -> None:
        assert {status for _, status in self.orders()} == {"cancelled"}
        for order, _ in self.orders():
            live = "SELECT count(*) FROM payment_sandboxcharge WHERE NOT voided AND key = ?"
            assert self.served.count("payment", live, order) == 0
        assert self.sold() == 0


@dataclass
class Leaver:
    """A customer with an order, of whom nothing is to be left."""

    served: Served
    email: str = field(default_factory=lambda: f"{uuid.uuid4()}@example.com")

    def __post_init__(self) -> None:
        shop = self.served.visitor()
        form = shop.form("/accounts/register/") | {"email": self.email}
        assert shop.submit("/accounts/register/", form).status == 302
        link = self._link()
        passwords = {"password1": PASSWORD, "password2": PASSWORD}
        assert shop.submit(link, shop.form(link) | passwords).status == 302
        shop.sign_in(self.email)
        answer = shop.checkout(shop.filled_cart(VASE=1), email=self.email, name=self.email)
        assert answer.status == 201, answer

    def leaves(self, shop: Shop) -> Answer:
        return shop.sign_in(self.email).request("POST", "/api/account/erasure/")

    def is_gone(self) -> bool:
        users = "SELECT count(*) FROM accounts_user WHERE email = ?"
        return self.served.count("default", users, self.email) == 0

    def traces(self) -> list[str]:
        """Where the address still stands, but on the invoice."""
        columns = {
            "payment": ("payment_order.email", "payment_order.name", "extract_outboxevent.payload"),
            "receipt": ("receipt_receipt.email", "extract_inboxevent.payload"),
            "default": ("accounts_user.email",),
        }
        places = [(app, *each.split(".")) for app, named in columns.items() for each in named]
        found = [
            f"{app} {table}.{column}"
            for app, table, column in places
            if self.served.rows(
                app, f"SELECT 1 FROM {table} WHERE {column} LIKE ?", f"%{self.email}%"
            )
        ]
        return found + [str(mail["Subject"]) for mail in self._mails()]

    def _mails(self) -> list[EmailMessage]:
        return [mail for mail in self.served.mails() if mail["To"] == self.email]

    def _link(self) -> str:
        (mail,) = self._mails()
        return re.findall(r"https?://[^/]+(/\S+)", mail.get_content())[0]
