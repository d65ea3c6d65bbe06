"""What the lines of a fleet say of purchases, against what clients and databases say."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

from extract.observe.traces.files import Files
from extract.observe.traces.hop import Hop, Trace
from extract.observe.traces.tree import traces_of
from tests.fleets import Fleet, wait_until
from tests.load.books import Books
from tests.load.purchases import LATE, Asked, Purchase

STEPS = ("reserve", "capture", "invoice", "sell")
GATEWAY_KEEPS = 10.0


class Traced:
    """The lines of a fleet at rest, and its databases."""

    def __init__(self, fleet: Fleet, books: Books) -> None:
        self._fleet = fleet
        self.sent = {
            str(order): times
            for order, times in books.rows(
                "receipt", "SELECT reference, times_sent FROM receipt_receipt"
            )
        }
        self.attempts = {
            str(event): attempts
            for event, attempts in books.rows(
                "receipt", "SELECT event_id, attempts FROM extract_inboxevent"
            )
        }
        self.events: dict[str, list[str]] = {}
        for order, event in books.rows(
            "payment",
            "SELECT aggregate, event_id FROM extract_outboxevent WHERE subscriber = 'receipt'",
        ):
            self.events.setdefault(order, []).append(str(event))

    def find(self, id: str) -> list[Trace]:
        logs = Files([path for path in self._fleet.logs.iterdir() if path.stat().st_size])
        return traces_of(logs.lines(logs.naming([id])))

    def wait_for_gateway(self, id: str) -> None:
        """It keeps its lines for a second."""
        wait_until(lambda: _gateway(_hops(self.find(id))), GATEWAY_KEEPS)


class Report:
    """What is wrong with the traces; and how often they named whom."""

    def __init__(self, raising: str, slow: str, killed: list[str]) -> None:
        self._raising, self._slow, self._killed = raising, slow, killed
        self.wrong: list[str] = []
        self.took: list[float] = []
        self.named: Counter[str] = Counter()
        self.bad: Counter[str] = Counter()
        self.blamed: Counter[str] = Counter()
        self.hops = 0

    @property
    def holds(self) -> bool:
        return not self.wrong

    def judge(self, purchase: Purchase, traced: Traced) -> None:
        """Look for each of its requests by its id, and for all of them by the order."""
        for asked in purchase.asked:
            traced.wait_for_gateway(asked.id)
            began = time.monotonic()
            traces = traced.find(asked.id)
            self.took.append(time.monotonic() - began)
            self.wrong += [f"{asked.id}: {said}" for said in _against_client(traces, asked)]
            self.wrong += [f"{asked.id}: {said}" for said in self._blame(traces, asked)]
        if not purchase.order:
            self.wrong.append(f"purchase {purchase.number} never succeeded")
            return
        hops = _hops(traced.find(purchase.order))
        self.hops += len(hops)
        self.wrong += [
            f"order {purchase.order}: {said}"
            for said in (
                *_against_saga(purchase.order, hops),
                *_against_events(purchase.order, hops, traced),
            )
        ]

    def _blame(self, traces: list[Trace], asked: Asked) -> Iterator[str]:
        suspects = [trace.suspect for trace in traces if trace.suspect is not None]
        named = suspects[0] if suspects else None
        inside = max((hop.duration_ms for hop in _gateway(_hops(traces))), default=0.0)
        if asked.late and not asked.failed and inside < LATE * 1000:
            # The client waited for the network or for itself: that is no hop of the shop's.
            self.bad["late outside"] += 1
        elif asked.failed or asked.late:
            self.bad["failed" if asked.failed else "late"] += 1
            self.blamed[f"{named.why} in {named.name} of {named.service}" if named else "-"] += 1
            if named is None or not named.instance or named.instance == "?":
                yield f"nobody is named for {asked}"
        if asked.failed and not any(one.instance in self._killed or one.error for one in suspects):
            yield f"{named} is named, neither one of {self._killed} nor with an error"
        if named is None:
            return
        for hop in _hops(traces):
            if hop.kind != "server" or hop.name != "invoice.issue":
                continue
            if hop.instance == self._raising and hop.is_fault:
                self.named["raised"] += 1
                if not any(_is_line(one.where) for one in suspects):
                    yield f"{named} is named for what {self._raising} raised"
            if hop.instance == self._slow and hop.duration_ms > 1400 and named.why == "slow":
                self.named["slow"] += 1
                if named.instance != self._slow:
                    yield f"{named} is named, but {self._slow} was slow"
        self.named["killed"] += any(one.instance in self._killed for one in suspects)
        self.named["mail"] += any(one.name == "mail" for one in suspects)

    def lines(self) -> list[str]:
        """For people."""
        took = sorted(self.took)
        return [
            f"  {len(took)} requests found by their ids, {self.hops} hops of all orders; a look "
            f"takes p50 {took[len(took) // 2] * 1000:.0f} ms, at most {took[-1] * 1000:.0f} ms",
            f"  {self.bad['failed']} failed, {self.bad['late']} were late, "
            f"{self.bad['late outside']} on the client's side of the gateway alone; named as the "
            f"first to look at: {dict(self.named)}",
            *(f"    {times} x {said}" for said, times in self.blamed.most_common(12)),
            *(f"  WRONG {said}" for said in self.wrong[:20]),
            f"  {'holds' if self.holds else f'BROKEN ({len(self.wrong)})'}",
        ]


def _is_line(where: str) -> bool:
    return where.startswith("tests/load/planted/faults.py:")


def _hops(traces: list[Trace]) -> list[Hop]:
    return [hop for trace in traces for hop in trace.all()]


def _gateway(hops: list[Hop]) -> list[Hop]:
    return [hop for hop in hops if hop.service == "gateway"]


def _against_client(traces: list[Trace], asked: Asked) -> Iterator[str]:
    hops = _hops(traces)
    passed = _gateway(hops)
    if len(passed) != 1:
        yield f"{len(passed)} requests at the gateway"
    elif asked.status and passed[0].status != asked.status:
        yield f"{passed[0].status} at the gateway, {asked.status} for the client"
    if asked.status == 201 and [hop.status for hop in passed[0].hops] != [201]:
        yield f"the gateway led to {[(hop.name, hop.status) for hop in passed[0].hops]}"


def _against_saga(order: str, hops: list[Hop]) -> Iterator[str]:
    for step in STEPS:
        taken = [
            hop
            for hop in hops
            if hop.name == f"checkout/{step}" and hop.labels.get("saga_id") == order
        ]
        if not any(hop.outcome == "success" for hop in taken):
            yield f"the step {step} is in {len(taken)} hops, none of which succeeded"


def _against_events(order: str, hops: list[Hop], traced: Traced) -> Iterator[str]:
    for event in traced.events.get(order, []):
        of_event = [hop for hop in hops if hop.labels.get("event_id") == event]
        if not any(hop.kind == "producer" for hop in of_event):
            yield f"nobody sent {event}"
        first = [hop for hop in of_event if hop.labels.get("step") == "record"]
        if len([hop for hop in first if "repeated" not in hop.labels]) != 1:
            yield f"{event} was recorded in {len(first)} hops"
        tried = sorted(hop.attempt for hop in of_event if hop.labels.get("step") == "finish")
        if tried != list(range(1, traced.attempts[event] + 1)):
            yield f"{event} was tried {traced.attempts[event]} times, the hops are {tried}"
    mails = [hop for hop in hops if hop.name == "mail" and hop.outcome == "success"]
    if len(mails) != traced.sent.get(order, 0):
        yield f"{traced.sent.get(order)} mails were sent, {len(mails)} hops say so"
