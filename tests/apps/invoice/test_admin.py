"""Operators find documents and read them; nobody edits what was issued."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.invoice.models import Document
from tests.apps.invoice.documents import issue, line

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def operator(client: Client) -> Client:
    from shop.accounts.models import User

    client.force_login(User.objects.create_superuser("admin@example.com"))
    return client


@pytest.mark.parametrize("query", ["{number}", "lovelace", "ada@example.com", "{order}"])
def test_a_document_is_found(operator: Client, query: str) -> None:
    issue(lines=(line(),))
    document = Document.objects.get()
    words = query.format(number=document.number, order=document.order)
    page = operator.get("/admin/invoice/document/", {"q": words}).content.decode()
    assert document.number in page


def test_it_shows_its_lines_and_leads_to_its_pdf(operator: Client) -> None:
    issue(lines=(line("Copper lantern"),))
    document = Document.objects.get()
    page = operator.get(f"/admin/invoice/document/{document.pk}/change/").content.decode()
    assert "Copper lantern" in page
    assert f"/invoices/{document.number}.pdf" in page


def test_nobody_changes_or_deletes_it(operator: Client) -> None:
    issue()
    document = Document.objects.get()
    change = f"/admin/invoice/document/{document.pk}/change/"
    assert operator.post(change, {"number": "X"}).status_code == 403
    assert operator.post(f"/admin/invoice/document/{document.pk}/delete/").status_code == 403
    assert operator.get("/admin/invoice/document/add/").status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": str(document.pk), "post": "yes"}
    operator.post("/admin/invoice/document/", chosen)
    assert Document.objects.get().number == document.number


def test_counters_are_there_to_be_read(operator: Client) -> None:
    issue()
    assert operator.get("/admin/invoice/numberseries/").status_code == 200
    assert operator.get("/admin/invoice/numberseries/add/").status_code == 403
