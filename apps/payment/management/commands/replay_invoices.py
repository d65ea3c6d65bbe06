"""``manage.py replay_invoices FILE``: a file of past sales becomes orders and refunds."""

from __future__ import annotations

import argparse
import csv
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from apps.payment.replay import BadFile, FileChanged, Interrupted, Replay, ReplayStuck, Summary
from extract.event import background
from extract.table import DateOrder, Decimals, safe_cell

REPORT_HEADER = ("line", "InvoiceNo", "StockCode", "outcome", "reason", "order")
SECONDS_PER_NOTE = 5.0
INTERRUPTED = 130
FEWEST_TAKEN = 0.9
"""The share of lines below which the command fails, though what it took is kept."""


class Command(BaseCommand):
    help = (
        "Replay past sales from FILE (columns of the UCI Online Retail data) as orders and "
        "refunds. A file is known by its base name: run again, it goes on where it stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.HelpFormatter
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--json", action="store_true", help="end standard output with one line of JSON"
        )
        parser.add_argument(
            "--report", metavar="OUT.csv", type=Path, help="write what became of each line"
        )

        parser.add_argument(
            "--dates",
            type=DateOrder,
            choices=list(DateOrder),
            help="how 1/2/2010 is meant, where no line of the file tells",
        )
        parser.add_argument(
            "--fractions",
            type=Decimals,
            choices=list(Decimals),
            help="what stands before a fraction, where no line of the file tells",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        report: Path | None = options["report"]
        if report is not None and not report.parent.is_dir():
            raise CommandError(f"There is no directory {report.parent} to write {report.name} to.")
        began = time.monotonic()
        try:
            replay = Replay(options["file"], dates=options["dates"], fractions=options["fractions"])
            with _stop_on_signal() as should_stop, _progress(replay) as on_progress:
                replay.run(on_progress=on_progress, should_stop=should_stop)
                _deliver_news(should_stop)
        except (BadFile, FileChanged, ReplayStuck) as error:
            raise CommandError(str(error)) from error
        except Interrupted:
            raise CommandError(
                f"Stopped with {replay.left} of {len(replay.entries)} lines left to do; "
                f"run the same command again to go on.",
                returncode=INTERRUPTED,
            ) from None
        if report is not None:
            _write_report(replay, report)
        summary = replay.summary()
        read = replay.read
        self.stdout.write(f"Read as {read.form}, dates {read.dates}, decimal {read.fractions}.")
        self._print_summary(summary, time.monotonic() - began)
        if options["json"]:
            self.stdout.write(msgspec.json.encode(summary).decode())
        taken = summary.lines - sum(summary.refused.values())
        if taken < summary.lines * FEWEST_TAKEN:
            raise CommandError(
                f"Only {taken} of {summary.lines} lines ({taken / summary.lines:.1%}) were taken; "
                f"--report OUT.csv says why, line by line."
            )

    def _print_summary(self, summary: Summary, seconds: float) -> None:
        refused = sum(summary.refused.values())
        taken = summary.lines - refused
        share = f" ({taken / summary.lines:.1%})" if summary.lines else ""
        self.stdout.write(
            f"{summary.lines} lines of {summary.invoices} invoices: {taken} taken{share}, "
            f"{refused} refused; {summary.orders} orders, {summary.refunds} refunds, "
            f"net {summary.net_total}."
        )
        for reason, count in summary.refused.items():
            self.stdout.write(f"  {count:>6}  {reason}")
        rate = f", {summary.added / seconds:.0f} lines/s" if summary.added else ""
        self.stdout.write(f"Added {summary.added} lines in {seconds:.1f} s{rate}.")


def _deliver_news(should_stop: Callable[[], bool]) -> None:
    """Let the other apps hear of the orders, if no serving process does it meanwhile."""
    while background.drain() and not should_stop():
        pass


def _write_report(replay: Replay, path: Path) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(REPORT_HEADER)
            writer.writerows(map(safe_cell, map(str, row)) for row in replay.report())
    except OSError as error:
        raise CommandError(f"The report {path} cannot be written: {error.strerror}.") from error


@contextmanager
def _stop_on_signal() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C and SIGTERM finish the order at hand; a second one is as usual."""
    asked: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        for each, handler in before.items():
            signal.signal(each, handler)

    try:
        before = {each: signal.signal(each, ask) for each in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # Called from a thread, which gets no signals.
        yield lambda: False
        return
    try:
        yield lambda: bool(asked)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _progress(replay: Replay) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, else a line now and then; both on standard error."""
    if not sys.stderr.isatty():
        yield _notes(replay)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} lines/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        total = len(replay.entries)
        task = bar.add_task(replay.file, total=total, completed=total - replay.left, rate="0")
        began = time.monotonic()

        def advance(added: int) -> None:
            rate = replay.added / max(time.monotonic() - began, 0.001)
            bar.update(task, advance=added, rate=f"{rate:.0f}")

        yield advance


def _notes(replay: Replay) -> Callable[[int], None]:
    began = noted = time.monotonic()

    def note(added: int) -> None:
        nonlocal noted
        now = time.monotonic()
        if now - noted >= SECONDS_PER_NOTE:
            noted = now
            done, total = len(replay.entries) - replay.left, len(replay.entries)
            rate = replay.added / (now - began)
            print(f"{replay.file}: {done} of {total} lines, {rate:.0f}/s", file=sys.stderr)

    return note
