"""The shop in this process, where calls between apps can be made to fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.test import Client

from extract.call import Fault, Wire, bound
from extract.call.contract import Method
from extract.data import app_aliases
from extract.event import background
from extract.saga.sweep import sweep_app
from shop.rights.erasure import advance_due
from tests.scenarios.place import Place
from tests.scenarios.shop import PASSWORD, Answer, Shop


class ClientTransport:
    """Django's test client as one visitor's browser, with the CSRF check on."""

    origin = "http://testserver"

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


class InProcess(Place):
    """The test client's shop. Nothing works in the background: ``work`` does."""

    def visitor(self) -> Shop:
        return Shop(ClientTransport())

    def account(self, email: str, *, is_staff: bool = False) -> str:
        from shop.accounts.models import User

        User.objects.create_user(email, PASSWORD, is_staff=is_staff)
        return email

    def work(self) -> None:
        """Do what is due now, once."""
        for app in app_aliases():
            sweep_app(app)
        background.drain()
        advance_due()

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
