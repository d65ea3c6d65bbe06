"""``manage.py resend_receipts``: which receipts it asks for, what it shows, how it ends."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.receipt.models import Receipt, Resend
from extract.event import background
from tests.apps.receipt.mailserver import MailServer, mail_server
from tests.apps.receipt.news import hurry, mails, pay, pay_back, receipt_for, resend
from tests.fleets import wait_until
from tests.planting import change

pytestmark = pytest.mark.usefixtures("database")

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "manage.py", "resend_receipts"]


@contextmanager
def working() -> Iterator[None]:
    """Somebody works on the queue."""
    background.start()
    try:
        yield
    finally:
        background.stop()


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server(settings) as server:
        yield server


def run(*arguments: str) -> str:
    """What the command says."""
    out = StringIO()
    call_command("resend_receipts", *arguments, stdout=out)
    return out.getvalue()


def asked_for() -> set[uuid.UUID]:
    return set(Resend.objects.values_list("receipt", flat=True))


def test_it_ends_when_all_are_sent() -> None:
    for _ in range(3):
        pay()
    with working():
        said = run("--status", "sent")
    assert re.search(r"^Asked for 3 as batch [0-9a-f-]{36}\.$", said, re.M)
    assert said.endswith("3 of 3 done: 3 sent, 0 failed.\n")
    assert len(mails()) == 6


def test_receipts_are_chosen_by_status() -> None:
    pay()
    failed = pay(email="no address")
    with working(), pytest.raises(CommandError, match="1 of 1 were not sent"):
        run("--status", "failed")
    assert asked_for() == {failed.order}


def test_receipts_are_chosen_by_order_with_those_of_refunds() -> None:
    first, second, _ = pay(), pay(), pay()
    refund = pay_back(first).refund
    with working():
        run("--order", str(first.order), str(second.order))
    assert asked_for() == {first.order, second.order, refund}


@pytest.mark.parametrize(
    ("since", "is_chosen"),
    [("2026-03-01", True), ("2026-03-01T12:00", True), ("2026-03-01T12:00:01+00:00", False)],
)
def test_receipts_are_chosen_by_time(since: str, is_chosen: bool) -> None:
    paid = pay()
    change(Receipt.objects.filter(pk=paid.order), created_at=datetime(2026, 3, 1, 12, tzinfo=UTC))
    said = run("--since", since, "--dry-run")
    assert said.startswith(f"{int(is_chosen)} would be sent again")


def test_all_that_is_said_of_them_must_be_true() -> None:
    paid, failed = pay(), pay(email="no address")
    said = run("--status", "failed", "--order", str(paid.order), str(failed.order), "--dry-run")
    assert failed.invoice in said
    assert paid.invoice not in said


def test_a_dry_run_lists_them_and_asks_for_nothing() -> None:
    invoices = [pay().invoice for _ in range(22)]
    said = run("--status", "sent", "--dry-run")
    assert said.startswith("22 would be sent again:")
    assert sum(invoice in said for invoice in invoices) == 20
    assert "and 2 more" in said
    assert asked_for() == set()


def test_suppressed_ones_are_left_out() -> None:
    pay(silent=True)
    assert "nothing was asked for" in run("--since", "2000-01-01")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Say which receipts: --status, --since or --order"),
        (("--status", "lost"), "--status is failed, sent, queued, and not 'lost'."),
        (("--since", "yesterday"), "--since is a date like 2026-11-25, and not 'yesterday'."),
        (("--order", "7"), "'7' is not the id of an order."),
        (("--order", str(uuid.UUID(int=7))), "There is no receipt of the order 0000"),
        (("--batch", "7"), "'7' is not the id of a batch."),
        (("--batch", str(uuid.UUID(int=7))), "Nothing was asked for as batch 0000"),
        (("--batch", str(uuid.UUID(int=7)), "--status", "sent"), "leave the rest away"),
    ],
)
def test_what_makes_no_sense_is_said(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError) as refused:
        run(*arguments)
    assert said in str(refused.value)
    assert asked_for() == set()


def test_a_suppressed_one_that_is_named_is_refused() -> None:
    named, silent = pay(), pay(silent=True)
    with pytest.raises(CommandError, match=r"is suppressed.*Nothing was asked for"):
        run("--order", str(named.order), str(silent.order))
    assert asked_for() == set()


def test_those_that_failed_are_named_at_the_end() -> None:
    bad = pay(email="no address")
    pay()
    out = StringIO()
    with working(), pytest.raises(CommandError, match=r"1 of 2 were not sent: http.*/resends/"):
        call_command("resend_receipts", "--since", "2000-01-01", stdout=out)
    assert f"{receipt_for(bad)}: failed. 'no address' is no e-mail address." in out.getvalue()


def test_it_ends_with_dead_letters(server: MailServer, settings: Any) -> None:
    settings.EXTRACT_MAX_ATTEMPTS = 2
    paid = pay()
    server.answers["RCPT"] = "451 not now"
    batch = resend(paid)
    hurry()
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 1 were not sent"):
        call_command("resend_receipts", "--batch", str(batch), stdout=out)
    assert "1 of 1 done: 0 sent, 0 failed, 1 given up." in out.getvalue()
    assert "given up. SMTPRecipientsRefused" in out.getvalue()


def test_nobody_at_work_is_said_and_the_batch_is_watched_again_later(tmp_path: Path) -> None:
    paid = pay()
    with started(tmp_path, "--order", str(paid.order)) as (process, said):
        wait_until(lambda: "is the shop or a worker running?" in said(), 60)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    assert said().count("Nobody has taken up any of 1 for 10 s") == 1
    assert "Stopped watching; the work on these 1 goes on." in said()
    assert "Traceback" not in said()
    again = re.search(r"manage\.py resend_receipts (--batch [0-9a-f-]{36})", said())
    assert again, said()
    with started(tmp_path, *again[1].split()) as (process, said):
        wait_until(lambda: "0 of 1 done" in said())
        background.drain()
        assert process.wait(20) == 0
    assert said().endswith("1 of 1 done: 1 sent, 0 failed.\n")
    assert len(mails()) == 2


def test_a_terminal_shows_a_bar() -> None:
    paid = pay()
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "--order", str(paid.order)], cwd=ROOT, stdout=theirs, stderr=theirs,
        stdin=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )  # fmt: skip
    os.close(theirs)
    try:
        said = shown(ours, until=b"0 of 1 done")
        background.drain()
        said += shown(ours)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert b"Sending again" in said
    assert b"1 of 1 done: 1 sent" in said
    assert b"\x1b[" in said, "it draws"


def shown(terminal: int, until: bytes = b"\0") -> bytes:
    """What appears on it, up to a text or to the end of who writes to it."""
    said = b""
    with suppress(OSError):  # Linux says so when nobody writes any more.
        while until not in said and (more := os.read(terminal, 4096)):
            said += more
    return said


@contextmanager
def started(
    directory: Path, *arguments: str
) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], str]]]:
    """The command as a process of its own, and what it has said."""
    said = directory / f"{uuid.uuid4()}.log"
    with said.open("wb") as log:
        process = subprocess.Popen(
            [*COMMAND, *arguments], cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
    try:
        yield process, said.read_text
    finally:
        process.kill()
        process.wait()
