"""All that is held about a customer, as a ZIP: a JSON file for each table, and their documents.

It is written to a temporary file, a page of rows or one document at a time, so that its size is the
disk's affair and no process's memory.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing
from itertools import groupby
from typing import IO, Protocol
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec
import structlog
from django.conf import settings
from django.utils import timezone

from apps.invoice.contract import InvoiceContract
from apps.payment.contract import PaymentContract
from apps.product.contract import ProductContract
from apps.receipt.contract import ReceiptContract
from extract.call import CallContext, current_context, handle, using_context
from extract.subject import Held
from shop.accounts.models import User
from shop.mails import store
from shop.rights import own
from shop.rights.models import Request

logger = structlog.get_logger(__name__)
invoice = handle(InvoiceContract)

CALL_SECONDS = 10.0
IN_MEMORY = 1024 * 1024
"""Bytes, before it is a file."""


class Holder(Protocol):
    """Any app's contract, as far as it goes here."""

    def held_about(self, *, subject: UUID, after: str = "") -> Held: ...


HOLDERS: dict[str, Holder] = {
    "product": handle(ProductContract),
    "payment": handle(PaymentContract),
    "invoice": invoice,
    "receipt": handle(ReceiptContract),
}


def export(user: User) -> IO[bytes]:
    """The ZIP, to be read from its beginning. Raises ``CallError`` while an app is away."""
    request = Request.objects.create(kind=Request.Kind.EXPORT, subject=user.subject)
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (the caller's to close)
    try:
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            _write_all(archive, user)
    except BaseException as error:
        file.close()
        Request.objects.filter(pk=request.pk).update(last_error=str(error)[:1000])
        raise
    done = {"state": Request.State.DONE, "ended_at": timezone.now()}
    Request.objects.filter(pk=request.pk).update(**done)
    fields = {"event.action": "customer-data-exported", "event.id": str(request.pk)}
    logger.info("rights.exported", **fields)
    file.seek(0)
    return file


def _write_all(archive: ZipFile, user: User) -> None:
    for table, rows in own.tables(user):
        _write(archive, f"account/{table}.json", rows)
    for app, holder in HOLDERS.items():
        numbers: list[str] = []
        for table, pages in groupby(_pages(holder, user.subject), lambda page: page.table):
            rows = (row for page in pages for row in page.rows)
            _write(archive, f"{app}/{table}.json", _noting(rows, numbers, app, table))
        for number in numbers:
            with _time_for_a_call():
                pdf = invoice.pdf(number=number)
            archive.writestr(f"invoice/{pdf.filename}", pdf.content)
    if settings.EMBEDDED_MAIL and user.is_proved:
        for mail in store.kept_to(user.email):
            archive.write(mail.path, f"mails/{mail.path.name}")


def _pages(holder: Holder, subject: UUID) -> Iterator[Held]:
    after = ""
    while True:
        with _time_for_a_call():
            page = holder.held_about(subject=subject, after=after)
        if page.rows:
            yield page
        if not (after := page.more):
            return


def _noting(rows: Iterable[str], numbers: list[str], app: str, table: str) -> Iterator[str]:
    """The rows; the numbers of those that are documents are noted."""
    for row in rows:
        if (app, table) == ("invoice", "document"):
            numbers.append(json.loads(row)["number"])
        yield row


def _write(archive: ZipFile, name: str, rows: Iterable[str]) -> None:
    with closing(archive.open(name, "w", force_zip64=True)) as file:
        between = b"[\n"
        for row in rows:
            file.write(between + row.encode())
            between = b",\n"
        file.write(b"\n]\n" if between == b",\n" else b"[]\n")


def _time_for_a_call() -> AbstractContextManager[CallContext]:
    """Each call has its own: together they may take longer than a request usually does."""
    ends_at = time.monotonic() + CALL_SECONDS
    return using_context(msgspec.structs.replace(current_context(), ends_at=ends_at))
