"""All that is held about a customer, as a ZIP: a JSON file for each table, and their documents.

It is written to a temporary file, a page of rows or one document at a time, so that its size is the
disk's affair and no process's memory.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import IO
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.invoice.contract import InvoiceContract
from apps.payment.contract import PaymentContract
from apps.product.contract import ProductContract
from apps.receipt.contract import ReceiptContract
from extract.call import CallContext, current_context, handle, using_context
from extract.identity.security_log import security_event
from extract.subject import Held
from extract.subject.rows import chunks
from shop.accounts.models import User
from shop.mails import store
from shop.rights import own
from shop.rights.models import Request

product = handle(ProductContract)
payment = handle(PaymentContract)
invoice = handle(InvoiceContract)
receipt = handle(ReceiptContract)

CALL_SECONDS = 10.0
IN_MEMORY = 1024 * 1024
"""Bytes, before it is a file."""

HeldAbout = Callable[..., Held]


def export(user: User) -> IO[bytes]:
    """The ZIP, to be read from its beginning. Raises ``CallError`` while an app is away."""
    request = Request(kind=Request.Kind.EXPORT, state=Request.State.DONE)
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (the caller's to close)
    error = "It was broken off."
    try:
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            _Export(archive, user).write()
        error = ""
    except Exception as failure:
        error = str(failure)
        raise
    finally:
        if error:
            file.close()
        _note(request, user, error)
    security_event("customer-data-exported", category="iam", id=str(request.pk))
    file.seek(0)
    return file


def _note(request: Request, user: User, error: str) -> None:
    """Write down that it has ended; of whom, unless they were erased meanwhile."""
    with transaction.atomic():
        if User.objects.select_for_update().filter(pk=user.pk).exists():
            request.subject = user.subject
        request.ended_at, request.last_error = timezone.now(), error[:1000]
        request.save(force_insert=True)


@dataclass(kw_only=True)
class _Noted:
    """The values of one column of one table, noted as its rows go by."""

    table: str
    column: str
    values: list[str] = field(default_factory=list)

    def rows(self, table: str, rows: Iterable[str]) -> Iterator[str]:
        for row in rows:
            if table == self.table:
                self.values.append(json.loads(row)[self.column])
            yield row


class _Export:
    def __init__(self, archive: ZipFile, user: User) -> None:
        self._archive = archive
        self._user = user

    def write(self) -> None:
        """Everything, into the archive."""
        for table, rows in own.tables(self._user):
            self._write_table(f"account/{table}.json", rows)
        orders = _Noted(table="order", column="id")
        self._write_app("payment", payment.held_about, orders)
        for number, some in enumerate(chunks([UUID(order) for order in orders.values])):
            some_of_product = partial(product.held_about, orders=some)
            self._write_app("product", some_of_product, part=number)
        documents = _Noted(table="document", column="number")
        self._write_app("invoice", invoice.held_about, documents)
        self._write_app("receipt", receipt.held_about)
        self._write_pdfs(documents.values)
        self._write_mails()

    def _write_app(
        self, app: str, held_about: HeldAbout, noted: _Noted | None = None, *, part: int = 0
    ) -> None:
        by_table = groupby(self._pages(held_about), lambda page: page.table)
        for table, pages in by_table:
            rows: Iterable[str] = (row for page in pages for row in page.rows)
            name = f"{app}/{table}-{part}.json" if part else f"{app}/{table}.json"
            self._write_table(name, noted.rows(table, rows) if noted else rows)

    def _pages(self, held_about: HeldAbout) -> Iterator[Held]:
        after = ""
        while True:
            with _time_for_a_call():
                page = held_about(subject=self._user.subject, after=after)
            if page.rows:
                yield page
            if not (after := page.more):
                return

    def _write_table(self, name: str, rows: Iterable[str]) -> None:
        with closing(self._archive.open(name, "w", force_zip64=True)) as file:
            before = b"[\n"
            for row in rows:
                file.write(before + row.encode())
                before = b",\n"
            file.write(b"\n]\n" if before == b",\n" else b"[]\n")

    def _write_pdfs(self, numbers: Iterable[str]) -> None:
        for number in numbers:
            with _time_for_a_call():
                pdf = invoice.pdf(number=number)
            self._archive.writestr(f"invoice/{pdf.filename}", pdf.content, ZIP_STORED)

    def _write_mails(self) -> None:
        """Those kept on this machine. An address that is not proved may be another's."""
        if settings.EMBEDDED_MAIL and self._user.is_proved:
            for mail in store.kept_to(self._user.email):
                self._archive.write(mail.path, f"mails/{mail.path.name}")


def _time_for_a_call() -> AbstractContextManager[CallContext]:
    """Each call has its own: together they may take longer than a request usually does."""
    ends_at = time.monotonic() + CALL_SECONDS
    return using_context(msgspec.structs.replace(current_context(), ends_at=ends_at))
