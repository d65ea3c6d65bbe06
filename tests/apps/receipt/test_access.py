"""Who may ask what became of a receipt; for everyone else there is none."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from apps.payment.access import token
from tests.apps.receipt.news import pay, pay_back, receipt_for

pytestmark = pytest.mark.usefixtures("database")


def sign_in(client: Client, email: str, **fields: object) -> str:
    from shop.accounts.models import User

    user = User.objects.create_user(email, **fields)
    client.force_login(user)
    return str(user.subject)


def path(order: uuid.UUID) -> str:
    return f"/api/receipts/{order}/"


def test_the_owner_is_told(client: Client) -> None:
    paid = pay(subject=sign_in(client, "ada@example.com"))
    answer = client.get(path(paid.order))
    assert answer.status_code == 200
    assert answer.json() == {"status": "sent", "message_id": receipt_for(paid).message_id}


def test_staff_are_told(client: Client) -> None:
    sign_in(client, "operator@example.com", is_staff=True)
    assert client.get(path(pay().order)).status_code == 200


def test_the_access_token_opens_it(client: Client) -> None:
    paid = pay()
    presented = token(paid.order)
    assert client.get(path(paid.order), {"access": presented}).status_code == 200
    headers = {"X-Order-Access": presented}
    assert client.get(path(paid.order), headers=headers).status_code == 200


def test_a_suppressed_one_says_so(client: Client) -> None:
    paid = pay(silent=True)
    answer = client.get(path(paid.order), {"access": token(paid.order)})
    assert answer.json()["status"] == "suppressed"


def test_others_find_nothing(client: Client) -> None:
    paid = pay(subject=str(uuid.uuid4()))
    sign_in(client, "eve@example.com")
    theirs, none = client.get(path(paid.order)), client.get(path(uuid.uuid4()))
    assert theirs.status_code == none.status_code == 404
    assert theirs.json() == none.json()
    assert client.get(path(paid.order), {"access": "wrong"}).status_code == 404


def test_it_is_unknown_until_receipt_has_heard(client: Client) -> None:
    paid = pay(deliver=False)
    assert client.get(path(paid.order), {"access": token(paid.order)}).status_code == 404


def test_a_refund_is_no_order(client: Client) -> None:
    refunded = pay_back(pay())
    sign_in(client, "operator@example.com", is_staff=True)
    assert client.get(path(refunded.refund)).status_code == 404


def test_a_malformed_id_is_a_problem(client: Client) -> None:
    answer = client.get("/api/receipts/no-uuid/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
