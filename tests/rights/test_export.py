"""Who asks gets all that is held about them, table by table, and nothing of anybody else's."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from zipfile import ZipFile

import pytest
from django.db import models
from pypdf import PdfReader

from apps.invoice.models import Document, RenderedPdf
from extract.data import app_aliases
from extract.event.models import EventSequence, Verdict
from extract.subject.rows import columns, text
from shop.rights.export import export
from shop.rights.models import Request
from tests.rights.scene import Customer, kept, open_shop

pytestmark = pytest.mark.usefixtures("database")

OTHERWISE = {
    RenderedPdf: "is there as a PDF",
    EventSequence: "counts, no more",
    Verdict: "is of the operator who decided",
}
"""Tables that hang on a customer's and are not in the export as rows."""


def test_all_of_them_and_nothing_of_others(binding: str) -> None:
    open_shop()
    ada, bo = Customer("Zenobia", "Quillfeather"), Customer("Thorvald", "Mixwright")
    ada.has_a_history()
    bo.has_a_history()
    export(ada.user).close()
    with ZipFile(export(ada.user)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    exported = {name: json.loads(file) for name, file in files.items() if name.endswith("json")}
    for app in app_aliases():
        expected = {f"{app}/{model._meta.model_name}.json": rows for model, rows in held(app, ada)}
        found = {name: rows for name, rows in exported.items() if name.startswith(f"{app}/")}
        assert {name: by_text(rows) for name, rows in found.items()} == expected
    everything = b"\n".join(files.values())
    for trace in bo.traces:
        assert trace.lower().encode() not in everything.lower()
    assert_documents(files, ada)
    assert_account(exported, ada)
    assert len([name for name in files if name.startswith("mails/")]) == 5


def test_page_by_page_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    open_shop()
    ada = Customer("Zenobia", "Quillfeather")
    ada.has_a_history()
    at_once = exported_rows(ada)
    monkeypatch.setattr("extract.subject.rows.AT_ONCE", 2)
    assert exported_rows(ada) == at_once
    assert at_once["payment/order"]


def exported_rows(customer: Customer) -> dict[str, set[str]]:
    """The rows of the apps, by table; of parts of a table together."""
    found: dict[str, set[str]] = defaultdict(set)
    with ZipFile(export(customer.user)) as archive:
        for name in archive.namelist():
            table, is_rows, _ = name.partition(".json")
            if is_rows and not table.startswith("account/"):
                found[table.partition("-")[0]] |= by_text(json.loads(archive.read(name)))
    return found


def by_text(rows: list[dict[str, Any]]) -> set[str]:
    return {json.dumps(row, sort_keys=True) for row in rows}


def held(app: str, customer: Customer) -> Iterator[tuple[type[models.Model], set[str]]]:
    """The rows of each table that bear the subject, or hang on others by a foreign key or by the id
    of an order in any column."""
    tables = {model: rows for alias, model, rows in kept() if alias == app}
    subject = str(customer.user.subject)
    found: dict[type[models.Model], set[Any]] = defaultdict(set)
    orders = set(map(str, order_ids(subject)))
    grew = True
    while grew:
        before = sum(map(len, found.values()))
        for model, rows in tables.items():
            for row in rows.values(*columns(model)):
                if is_theirs(model, row, subject, orders, found):
                    found[model].add(row[model._meta.pk.attname])
        grew = sum(map(len, found.values())) > before
    for model, pks in found.items():
        if pks and model not in OTHERWISE:
            rows = tables[model].filter(pk__in=pks).values(*columns(model))
            yield model, by_text([json.loads(text(row)) for row in rows])


def is_theirs(
    model: type[models.Model],
    row: dict[str, Any],
    subject: str,
    orders: set[str],
    found: dict[type[models.Model], set[Any]],
) -> bool:
    if str(row.get("subject")) == subject:
        return True
    for field in model._meta.concrete_fields:
        value = row.get(field.attname)
        if field.is_relation and value in found.get(field.related_model, ()):
            return True
        if str(value) in orders:
            return True
    return False


def order_ids(subject: str) -> list[Any]:
    from apps.payment.models import Order

    return list(Order.objects.filter(subject=subject).values_list("pk", flat=True))


def assert_documents(files: dict[str, bytes], customer: Customer) -> None:
    numbers = Document.objects.filter(subject=customer.user.subject).values_list(
        "number", flat=True
    )
    assert len(numbers) == 3  # two invoices and a credit note
    for number in numbers:
        pages = PdfReader(io.BytesIO(files[f"invoice/{number}.pdf"])).pages
        assert customer.last in pages[0].extract_text()


def assert_account(exported: dict[str, Any], customer: Customer) -> None:
    (user,) = exported["account/user.json"]
    assert (user["email"], user["subject"]) == (customer.email, str(customer.user.subject))
    assert "password" not in user
    assert len(exported["account/session.json"]) == 2
    (earlier,) = exported["account/request.json"]
    assert earlier["id"] == str(Request.objects.earliest("asked_at").pk)
