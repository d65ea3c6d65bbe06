"""The process dies at every point where it could leave something half done.

Started again, it finishes or takes back what it found, and the client's repeat gets the one
answer: nothing is charged, invoiced, sold or mailed twice, and nothing is forgotten.
"""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Callable

import pytest

import apps.payment.replay  # noqa: F401  (declares its points)
from apps.payment.rights import ERASURE
from extract.testing.kill import KILL_POINTS
from tests.faults.clients import Buyer, Client, Leaver
from tests.faults.served import Served, eventually
from tests.serving import Server

DIES_WITHIN = 20

PAST_THE_PIVOT = "Past the pivot nothing is taken back; nor is an erasure at all."
NEVER_REACHED = {
    f"saga.{step}.{moment}": PAST_THE_PIVOT
    for step in (
        *("checkout.invoice", "checkout.sell", "refund.restock", "refund.credit"),
        *(f"erasure.{step.name}" for step in ERASURE.steps),
    )
    for moment in ("undoing", "undone")
}
ARRIVES = "Of an event that fails or comes again: killed in tests/extract/event/test_dying.py."
ELSEWHERE = {
    "replay.work_done": "A command's, not the server's: killed in the replay's tests.",
    "beat.asked": "Once a day: killed in tests/extract/event/test_beat.py.",
    "inbox.arrived": ARRIVES,
    "inbox.recording_late": ARRIVES,
}

# Between the mail server's yes and the commit, and there alone, a mail may be sent again.
MAILED_TWICE = {"receipt.mailed"}

POINTS = sorted(KILL_POINTS.keys() - NEVER_REACHED.keys() - ELSEWHERE.keys())
ON_SQLITE_TOO = {
    "saga.checkout.reserve.acted",
    "saga.checkout.capture.acted",
    "saga.checkout.capture.undoing",
    "saga.refund.credit.acted",
    "saga.checkout.started",
    "outbox.published",
    "relay.sent",
    "inbox.recording",
    "inbox.claimed",
    "rights.asked",
    "saga.erasure.pseudonymise.recorded",
    "saga.erasure.forget receipt.acted",
    "saga.erasure.forget here.acted",
    "rights.apps_done",
}


def test_the_lists_name_points_that_there_are() -> None:
    named = NEVER_REACHED.keys() | ELSEWHERE.keys() | MAILED_TWICE | ON_SQLITE_TOO
    assert named <= KILL_POINTS.keys()


def dies(served: Served, point: str, client: Client) -> None:
    """The client's request, or what follows from it, kills the process at ``point``."""
    client.try_once()
    try:
        served.server.wait_dead(DIES_WITHIN)
    except subprocess.TimeoutExpired:
        pytest.fail(f"{point} was never reached; remove it, or say in NEVER_REACHED why.")
    served.server.start()


def buying(served: Served, point: str) -> None:
    buyer = Buyer(served)
    client = buyer.begin()
    dies(served, point, client)
    assert client.repeat().status == 201
    served.settle()
    buyer.is_charged_once(sendings=2 if point in MAILED_TWICE else 1)
    assert buyer.sold() == 2


def being_declined(served: Served, point: str) -> None:
    buyer = Buyer(served, token="tok_declined")
    client = buyer.begin()
    dies(served, point, client)
    assert client.repeat().status == 402
    served.settle()
    buyer.is_charged_nothing()
    assert served.visitor().checkout(buyer.cart, email=buyer.email).status == 201


def paying_back(served: Served, point: str) -> None:
    buyer = Buyer(served)
    order = buyer.begin().repeat().json["order"]
    served.settle()
    key = str(uuid.uuid4())
    client = Client(served, lambda shop: shop.refund(order, key=key), is_staff=True)
    dies(served, point, client)
    assert client.repeat().status == 201
    served.settle()
    buyer.is_charged_once(mails=2)
    assert buyer.sold() == 0
    for app, sql in (
        ("payment", "SELECT count(*) FROM payment_sandboxrefund WHERE charge_id = ?"),
        ("invoice", 'SELECT count(*) FROM invoice_document WHERE "order" = ? '
                    "AND kind = 'credit note'"),
    ):  # fmt: skip
        assert served.count(app, sql, order if app == "payment" else served.id(order)) == 1


def being_refused_a_refund(served: Served, point: str) -> None:
    """The provider paid the money back before, by another way, and will not do so twice."""
    buyer = Buyer(served)
    order = buyer.begin().repeat().json["order"]
    served.settle()
    served.write(
        "payment", "UPDATE payment_sandboxcharge SET refunded = amount WHERE key = ?", order
    )
    key = str(uuid.uuid4())
    client = Client(served, lambda shop: shop.refund(order, key=key), is_staff=True)
    dies(served, point, client)
    assert client.repeat().problem == "refund-refused"
    served.settle()
    buyer.is_charged_once()
    assert buyer.sold() == 2


def being_erased(served: Served, point: str) -> None:
    leaver = Leaver(served)
    served.settle()
    dies(served, point, Client(served, leaver.leaves))
    eventually(leaver.is_gone, leaver.traces, seconds=30)
    served.settle()
    assert leaver.traces() == []


def journey_to(point: str) -> Callable[[Served, str], None]:
    """What a client does so that the process comes to ``point``."""
    moment = point.rpartition(".")[2]
    is_undone = moment in ("undoing", "undone")
    if point.startswith(("saga.erasure.", "rights.")):
        return being_erased
    if point.startswith("saga.refund."):
        return being_refused_a_refund if is_undone else paying_back
    return being_declined if is_undone else buying


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(point, marks=() if point in ON_SQLITE_TOO else pytest.mark.postgresql)
        for point in POINTS
    ],
)
def test_whoever_dies_at(point: str, served: Served) -> None:
    served.server.restart(EXTRACT_KILL_AT=point)
    journey_to(point)(served, point)


@pytest.mark.sqlite
def test_killed_right_after_the_answer_the_mail_goes_out_once(
    serve: Callable[..., Server],
) -> None:
    server = serve(demo=False, started=False, EXTRACT_RELAY_LEASE="1", EXTRACT_STEP_SECONDS="3")
    served = Served(server, VASE=1000)
    server.start()
    for _ in range(3):
        buyer = Buyer(served)
        client = buyer.begin()
        client.try_once()
        server.kill()
        (answer,) = client.answers
        assert answer.status == 201
        server.start()
        served.settle()
        assert client.repeat().body == answer.body
        buyer.is_charged_once(sendings=2)
        assert buyer.sold() == 2
    assert served.broken() == []
