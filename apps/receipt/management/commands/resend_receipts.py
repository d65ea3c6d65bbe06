"""``manage.py resend_receipts``: ask for receipts to be mailed again, and watch it being done."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from apps.receipt.models import Receipt
from apps.receipt.queries import Resending, resending, troubles
from apps.receipt.services import NotSendable, resend_ask

STATUSES = (Receipt.Status.FAILED, Receipt.Status.SENT, Receipt.Status.QUEUED)
POLL_EVERY = 0.5
SILENCE = 10.0
SECONDS_PER_NOTE = 5.0
LISTED = 20
INTERRUPTED = 130

Say = Callable[[str], None]
Show = Callable[[Resending], None]


class Command(BaseCommand):
    help = (
        "Have receipts mailed again by the shop or its workers, each under the Message-ID that it "
        "has, and watch. Ctrl-C ends the watching, not the work."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--status", help="those that are failed, sent or queued")
        parser.add_argument("--since", metavar="DATE", help="those of this day or time, and later")
        parser.add_argument("--order", metavar="ID", nargs="+", help="those of these orders")
        parser.add_argument("--dry-run", action="store_true", help="only say which it would be")
        parser.add_argument("--batch", metavar="ID", help="watch what was asked for earlier")

    def handle(self, *args: Any, **options: Any) -> None:
        is_choice = any(options[name] for name in ("status", "since", "order", "dry_run"))
        if options["batch"]:
            if is_choice:
                raise CommandError("--batch watches what was asked for; leave the rest away.")
            batch = _uuid(options["batch"], "a batch")
            if resending(batch) is None:
                raise CommandError(f"Nothing was asked for as batch {batch}.")
            return self._until_done(batch)
        receipts = _chosen(options["status"], options["since"], options["order"] or [])
        if options["dry_run"]:
            return self._list(receipts)
        return self._until_done(uuid.uuid4(), receipts)

    def _list(self, receipts: QuerySet[Receipt]) -> None:
        count = receipts.count()
        self._say(f"{count} would be sent again{':' if count else '.'}")
        for receipt in receipts[:LISTED]:
            self._say(f"  {receipt.document}  {receipt.email}  {receipt.status}")
        if count > LISTED:
            self._say(f"  and {count - LISTED} more")

    def _until_done(self, batch: UUID, receipts: QuerySet[Receipt] | None = None) -> None:
        """Ask for ``receipts`` if there are any, and watch the batch to its end."""
        try:
            if receipts is not None:
                count = resend_ask(receipts=receipts, batch=batch, by="manage.py")
                if not count:
                    self._say("There are no such receipts; nothing was asked for.")
                    return
                self._say(f"Asked for {count} as batch {batch}.")
            self._watch(batch)
        except KeyboardInterrupt:
            raise CommandError(_interrupted(batch), returncode=INTERRUPTED) from None
        except NotSendable as error:
            raise CommandError(f"{error} Nothing was asked for.") from error
        self._conclude(batch)

    def _watch(self, batch: UUID) -> None:
        seen, moved, has_asked = None, time.monotonic(), False
        with _progress(self._say, self.stdout.isatty()) as (show, say):
            while (now := resending(batch)) is not None:
                if now != seen:
                    seen, moved, has_asked = now, time.monotonic(), False
                show(now)
                if now.is_finished:
                    return
                if now.untried and not has_asked and time.monotonic() - moved > SILENCE:
                    has_asked = True
                    say(
                        f"Nobody has taken up any of {now.untried} for {SILENCE:.0f} s; "
                        f"is the shop or a worker running?"
                    )
                time.sleep(POLL_EVERY)

    def _conclude(self, batch: UUID) -> None:
        end = resending(batch)
        if end is None or end.sent == end.total:
            return
        for trouble in troubles(batch, limit=LISTED):
            self._say(f"  {trouble.receipt}: {trouble.fate}. {trouble.reason}")
        raise CommandError(f"{end.total - end.sent} of {end.total} were not sent: {_page(batch)}")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _chosen(status: str | None, since: str | None, orders: list[str]) -> QuerySet[Receipt]:
    """The receipts that all of this is true of. Raises ``CommandError``."""
    if not (status or since or orders):
        raise CommandError("Say which receipts: --status, --since or --order, or several of them.")
    receipts = Receipt.objects.all()
    if orders:
        receipts = receipts.filter(order__in=[_known(order) for order in orders])
    else:
        receipts = receipts.exclude(status=Receipt.Status.SUPPRESSED)
    if status is not None:
        if status not in STATUSES:
            raise CommandError(f"--status is {', '.join(STATUSES)}, and not {status!r}.")
        receipts = receipts.filter(status=status)
    if since is not None:
        receipts = receipts.filter(created_at__gte=_time(since))
    return receipts


def _known(order: str) -> UUID:
    id = _uuid(order, "an order")
    if not Receipt.objects.filter(order=id).exists():
        raise CommandError(f"There is no receipt of the order {id}.")
    return id


def _uuid(text: str, of: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise CommandError(f"{text!r} is not the id of {of}.") from None


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--since is a date like 2026-11-25, and not {text!r}.") from None
    return timezone.make_aware(time) if timezone.is_naive(time) else time


def _interrupted(batch: UUID) -> str:
    so_far = resending(batch)
    if so_far is None:
        return "Stopped; nothing was asked for."
    return (
        f"Stopped watching; the work on these {so_far.total} goes on. To look again: "
        f"manage.py resend_receipts --batch {batch}, or {_page(batch)}"
    )


def _page(batch: UUID) -> str:
    return settings.BASE_URL + reverse("admin:receipt_receipt_resends", args=[batch])


@contextmanager
def _progress(write: Say, is_terminal: bool) -> Iterator[tuple[Show, Say]]:
    """A bar on a terminal, else a line now and then; and how to say something meanwhile."""
    if not is_terminal:
        yield _notes(write), write
        return
    columns = (TextColumn("Sending again"), BarColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(highlight=False)) as bar:
        task = bar.add_task("", total=None)

        def show(now: Resending) -> None:
            bar.update(task, total=now.total, completed=now.done, description=str(now))

        yield show, bar.console.print


def _notes(write: Say) -> Show:
    noted, noted_at = None, float("-inf")

    def note(now: Resending) -> None:
        nonlocal noted, noted_at
        is_time = now.is_finished or time.monotonic() - noted_at >= SECONDS_PER_NOTE
        if is_time and now != noted:
            noted, noted_at = now, time.monotonic()
            write(f"{now}.")

    return note
