"""Who may open a document, by page and by API; for everyone else there is none."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.apps.invoice.documents import TOKEN, invoice, issue, line

pytestmark = pytest.mark.usefixtures("database")

ADDRESSES = [
    "/invoices/{}/",
    "/invoices/{}.pdf",
    "/api/invoices/{}/",
    "/api/invoices/{}/pdf/",
]
each_address = pytest.mark.parametrize("address", ADDRESSES)

SignIn = Callable[..., str]


@pytest.fixture
def sign_in(client: Client) -> SignIn:
    """Sign a new user in, and tell the subject."""

    def sign_in(email: str, **fields: Any) -> str:
        from shop.accounts.models import User

        user = User.objects.create_user(email, **fields)
        client.force_login(user)
        return str(user.subject)

    return sign_in


@each_address
def test_the_owner_opens_it(client: Client, sign_in: SignIn, address: str) -> None:
    number = issue(subject=sign_in("ada@example.com")).number
    assert client.get(address.format(number)).status_code == 200


@each_address
def test_staff_open_every_document(client: Client, sign_in: SignIn, address: str) -> None:
    sign_in("operator@example.com", is_staff=True)
    number = issue(subject=str(uuid.uuid4())).number
    assert client.get(address.format(number)).status_code == 200


@each_address
def test_the_access_token_opens_it(client: Client, address: str) -> None:
    path = address.format(issue().number)
    assert client.get(path, {"access": TOKEN}).status_code == 200
    assert client.get(path, headers={"X-Order-Access": TOKEN}).status_code == 200


@each_address
def test_credit_notes_open_with_the_token_of_their_order(client: Client, address: str) -> None:
    order = uuid.uuid4()
    issue(order)
    number = invoice.credit(refund=uuid.uuid4(), order=order, lines=(line(),)).number
    assert client.get(address.format(number), {"access": TOKEN}).status_code == 200


@each_address
@pytest.mark.parametrize("presented", ["", "wrong", TOKEN.upper(), "é"])
def test_without_the_token_there_is_nothing(client: Client, address: str, presented: str) -> None:
    number = issue(subject=str(uuid.uuid4())).number
    assert client.get(address.format(number), {"access": presented}).status_code == 404


@each_address
def test_anothers_is_as_unknown_as_none(client: Client, sign_in: SignIn, address: str) -> None:
    sign_in("eve@example.com")
    number = issue(subject=str(uuid.uuid4())).number
    theirs, none = client.get(address.format(number)), client.get(address.format("2026-999999"))
    assert theirs.status_code == none.status_code == 404
    assert theirs.content.replace(number.encode(), b"") == none.content.replace(b"2026-999999", b"")


@each_address
def test_a_document_without_owner_or_token_is_closed(client: Client, address: str) -> None:
    number = issue(subject="", access_hash="").number
    assert client.get(address.format(number)).status_code == 404
    assert client.get(address.format(number), {"access": ""}).status_code == 404


@pytest.mark.parametrize("accept", ["application/json", "text/html", "nonsense", "image/png;q=x"])
def test_the_pdf_is_a_pdf_whatever_accept_says(client: Client, accept: str) -> None:
    path = f"/api/invoices/{issue().number}/pdf/"
    answer = client.get(path, headers={"X-Order-Access": TOKEN, "Accept": accept})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


def test_the_api_tells_the_document(client: Client) -> None:
    order = uuid.uuid4()
    issued = issue(order)
    body = client.get(f"/api/invoices/{issued.number}/", {"access": TOKEN}).json()
    assert (body["number"], body["kind"], body["order"]) == (issued.number, "invoice", str(order))
    assert body["total"] == {"amount": "30.00", "currency": "GBP"}
    assert body["lines"][0]["unit_price"] == {"amount": "12.50", "currency": "GBP"}
    assert body["vat_table"] == [
        {
            "rate": "20.00",
            "net": {"amount": "25.00", "currency": "GBP"},
            "vat": {"amount": "5.00", "currency": "GBP"},
        }
    ]
    assert body["buyer"]["name"] == "Ada Lovelace"
    assert body["invoice"] is None


def test_the_api_says_what_a_credit_note_corrects(client: Client) -> None:
    order = uuid.uuid4()
    number = issue(order).number
    note = invoice.credit(refund=uuid.uuid4(), order=order, lines=(line(),)).number
    body = client.get(f"/api/invoices/{note}/", {"access": TOKEN}).json()
    assert (body["kind"], body["invoice"]) == ("credit note", number)


def test_the_page_shows_markup_as_text_and_keeps_the_token_in_its_links(client: Client) -> None:
    number = issue(lines=(line("<b>Lantern</b>"),)).number
    page = client.get(f"/invoices/{number}/", {"access": TOKEN}).content.decode()
    assert "&lt;b&gt;Lantern&lt;/b&gt;" in page
    assert f"/invoices/{number}.pdf?access={TOKEN}" in page


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_documents_are_only_read(client: Client, method: str) -> None:
    number = issue().number
    for address in ADDRESSES:
        path = f"{address.format(number)}?access={TOKEN}"
        assert getattr(client, method)(path).status_code == 405
