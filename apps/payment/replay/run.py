"""Drives the services through a plan, so that a killed run resumes to the same end.

Everything has an id that follows from the file's name and the invoice: doing it again has
no further effect. A line's row is written after its order or refund is finished.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from apps.payment.models import ReplayedLine
from apps.payment.replay import lines, rules
from apps.payment.replay.post import ReplayStuck, Shelf, order_placed, refund_done
from apps.payment.replay.rules import Decision, Return, Sale, Work
from extract.data import owned
from extract.table import DateOrder, Decimals, name_of
from extract.testing.kill import KillPoint

__all__ = ["FileChanged", "Interrupted", "Replay", "ReplayStuck", "Summary"]

ROWS_AT_ONCE = 1000

work_done = KillPoint("replay.work_done")


SHOWN = 10
"""Changed lines that an error names."""


class FileChanged(Exception):
    """The file differs from the one that was replayed under its name, in these lines."""

    def __init__(self, file: str, numbers: Sequence[int]) -> None:
        some = ", ".join(map(str, numbers[:SHOWN])) + (", …" if len(numbers) > SHOWN else "")
        super().__init__(
            f"{file} differs in {len(numbers)} of the lines that were replayed under this name "
            f"before (lines {some}), and nothing was done. To take corrected lines, refund what "
            f"they correct, and replay them, below the same header, as a file of another name."
        )


class Interrupted(Exception):
    """The run was asked to stop; what it did is kept."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of the whole file after a run; ``added`` lines were recorded by this run.

    ``net_total`` is the sum of quantity × unit price of the taken lines.
    """

    lines: int
    invoices: int
    orders: int
    refunds: int
    refused: dict[str, int]
    net_total: str
    added: int


class Replay:
    """One run over one file, known by its base name.

    ``Replay(path)`` reads and decides; ``run`` does what is left to do; then ``summary``
    and ``report``. Raises ``BadFile`` or ``FileChanged`` before anything is done.
    """

    def __init__(
        self, path: Path, *, dates: DateOrder | None = None, fractions: Decimals | None = None
    ) -> None:
        self.file = name_of(path)
        self.read = lines.read(path, dates=dates, fractions=fractions)
        self.entries = self.read.entries
        self.plan = rules.plan(self.entries)
        self.orders: dict[str, uuid.UUID] = {}
        """The order of each invoice that has one."""
        self.added = 0
        self._first = self.plan.decisions[0].number if self.plan.decisions else 0
        self._recorded = self._check_recorded()
        self._work = [work for work in self.plan.work if self._is_open(work)]

    @property
    def left(self) -> int:
        """How many lines are not recorded yet."""
        return len(self.entries) - len(self._recorded)

    def run(
        self,
        *,
        on_progress: Callable[[int], None] = lambda added: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Do what is left. ``on_progress`` gets the number of lines just recorded.

        Raises ``Interrupted`` between two orders when ``should_stop`` says so, and
        ``ReplayStuck`` when a service does not get on.
        """
        shelf = Shelf(work.lines for work in self._work if isinstance(work, Sale))
        refused = self._refused_unrecorded()
        waiting = next(refused, None)
        for work in self._work:
            if should_stop():
                raise Interrupted
            self._do(work, shelf)
            work_done()
            done = [self._row(self._decision(number)) for number in work.settles]
            while waiting is not None and waiting.number < work.settles[-1]:
                done.append(self._row(waiting))
                waiting = next(refused, None)
            on_progress(self._record(done))
        rest = [self._row(each) for each in (waiting, *refused) if each is not None]
        on_progress(self._record(rest))

    def summary(self) -> Summary:
        """The file's counts, after ``run``."""
        decisions = self.plan.decisions
        refunds = (w.refunds for w in self.plan.work if isinstance(w, Return))
        total = sum((decision.net for decision in decisions), Decimal("0.00"))
        return Summary(
            lines=len(decisions),
            invoices=sum(1 for _ in lines.invoice_numbers(self.entries)),
            orders=sum(isinstance(work, Sale) for work in self.plan.work),
            refunds=sum(map(len, refunds)),
            refused=dict(Counter(d.reason for d in decisions if not d.is_taken).most_common()),
            net_total=str(total),
            added=self.added,
        )

    def report(self) -> Iterator[tuple[int, str, str, str, str, str]]:
        """Line, InvoiceNo, StockCode, outcome, reason and order of every line, in order."""
        for each in self.plan.decisions:
            outcome = ReplayedLine.Outcome.TAKEN if each.is_taken else ReplayedLine.Outcome.REFUSED
            order = str(self.orders[each.sale]) if each.is_taken else ""
            yield each.number, each.invoice_no, each.stock_code, outcome, each.reason, order

    def _do(self, work: Work, shelf: Shelf) -> None:
        if isinstance(work, Sale):
            self.orders[work.invoice_no] = order_placed(self.file, work, shelf)
            return
        for refund in work.refunds:
            refund_done(self.file, work.invoice_no, self.orders[refund.sale], refund)

    def _decision(self, number: int) -> Decision:
        return self.plan.decisions[number - self._first]

    def _refused_unrecorded(self) -> Iterator[Decision]:
        return (
            decision
            for decision in self.plan.decisions
            if not decision.is_taken and decision.number not in self._recorded
        )

    def _row(self, decision: Decision) -> ReplayedLine:
        return ReplayedLine(
            file=self.file,
            line=decision.number,
            invoice_no=decision.invoice_no,
            stock_code=decision.stock_code,
            outcome=ReplayedLine.Outcome.TAKEN
            if decision.is_taken
            else ReplayedLine.Outcome.REFUSED,
            reason=decision.reason,
            order=self.orders[decision.sale] if decision.is_taken else None,
            net=decision.net,
            digest=self.entries[decision.number - self._first].digest,
        )

    def _record(self, rows: list[ReplayedLine]) -> int:
        """Write the rows in one transaction, so that a piece of work is done or open."""
        if rows:
            with owned("payment"):
                ReplayedLine.objects.bulk_create(
                    rows, batch_size=ROWS_AT_ONCE, ignore_conflicts=True
                )
            self.added += len(rows)
            self._recorded.update(row.line for row in rows)
        return len(rows)

    def _check_recorded(self) -> set[int]:
        """The numbers of the lines recorded by earlier runs, if they are this file's lines."""
        recorded: set[int] = set()
        changed: list[int] = []
        rows = ReplayedLine.objects.filter(file=self.file).order_by("line")
        for row in rows.iterator(chunk_size=ROWS_AT_ONCE):
            index = row.line - self._first
            known = self.plan.decisions[index] if 0 <= index < len(self.entries) else None
            if known is None or not _is_same(row, known, self.entries[index]):
                changed.append(row.line)
                continue
            recorded.add(row.line)
            if known.is_taken and row.order is not None:
                self.orders.setdefault(known.sale, row.order)
        if changed:
            raise FileChanged(self.file, changed)
        return recorded

    def _is_open(self, work: Work) -> bool:
        known = [number in self._recorded for number in work.settles]
        if any(known) and not all(known):
            raise FileChanged(self.file, [work.settles[known.index(False)]])
        return not any(known)


def _is_same(row: ReplayedLine, decision: Decision, entry: lines.Entry) -> bool:
    told = (decision.invoice_no, decision.stock_code, decision.reason, decision.net)
    if told != (row.invoice_no, row.stock_code, row.reason, row.net):
        return False
    # Rows of earlier releases have no digest.
    return row.digest in ("", entry.digest)
