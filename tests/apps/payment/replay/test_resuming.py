"""Killed or interrupted, the replay goes on where it stopped and ends the same."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.apps.payment.replay.sales import HEADER, SALES
from tests.serving import Server


@pytest.fixture(scope="module")
def calm(
    _template: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, Any], Path]]:
    """What a replay in one go answers, and where its data is."""
    data_dir, where = _template.copy(demo=False)
    server = Server(data_dir=data_dir, env=where)
    path = tmp_path_factory.mktemp("calm") / "sales.csv"
    path.write_text(SALES)
    yield json.loads(run(server, path).stdout.splitlines()[-1]), data_dir
    shutil.rmtree(data_dir, ignore_errors=True)


def run(server: Server, path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return server.manage("replay_invoices", str(path), "--json", **env)


@pytest.mark.parametrize(
    "point",
    [
        "replay.work_done",
        "replay.work_done:3",
        "saga.checkout.capture.acted:2",
        "saga.refund.pay back.acted",
    ],
)
@pytest.mark.sqlite
def test_a_killed_run_resumes_to_the_same_end(
    calm: tuple[dict[str, Any], Path], serve: Callable[..., Server], tmp_path: Path, point: str
) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(SALES)
    expected, calm_data = calm
    # What the dead one held is taken over soon.
    killed = serve(demo=False, started=False, EXTRACT_LEASE="1")
    first = run(killed, path, EXTRACT_KILL_AT=point)
    assert first.returncode == -signal.SIGKILL
    second = run(killed, path)
    assert "75.0%) were taken" in second.stderr, second.stderr
    answer = json.loads(second.stdout.splitlines()[-1])
    assert answer == expected | {"added": answer["added"]}
    assert 0 < answer["added"] <= 8
    assert end_state(killed.data_dir) == end_state(calm_data)
    assert killed.manage("extract", "audit").returncode == 0


@pytest.mark.sqlite
def test_ctrl_c_ends_cleanly_and_says_how_to_go_on(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    path = tmp_path / "sales.csv"
    rows = [f"{n},61001,COPPER LANTERN,1,3/1/2011,2.55,,France\n" for n in range(700001, 701001)]
    path.write_text(HEADER + "".join(rows))
    server = serve(demo=False, started=False)
    process = subprocess.Popen(
        [sys.executable, "manage.py", "replay_invoices", str(path)],
        env=server.env,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_rows(server.data_dir)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "lines left to do; run the same command again to go on." in said
    assert "Traceback" not in said
    database = sqlite3.connect(server.data_dir / "payment.sqlite3")
    (orders,) = database.execute("SELECT count(*) FROM payment_order").fetchone()
    (lines,) = database.execute("SELECT count(*) FROM payment_replayedline").fetchone()
    assert 0 < orders == lines < 1000


def wait_for_rows(data_dir: Path) -> None:
    """Until the run has recorded its first line."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        database = sqlite3.connect(data_dir / "payment.sqlite3", timeout=20)
        if database.execute("SELECT count(*) FROM payment_replayedline").fetchone()[0]:
            return
        time.sleep(0.05)
    raise TimeoutError("The replay recorded nothing.")


def end_state(data_dir: Path) -> dict[str, list[Any]]:
    """What the databases hold, but for times and ids that are counted."""
    looks = {
        "payment": (
            "SELECT id, subject, status, net, vat, total, placed_at, silent FROM payment_order",
            "SELECT order_id, sku, quantity, net, vat, refunded_quantity FROM payment_orderline",
            "SELECT order_id, reference, amount, refunded, state FROM payment_charge",
            "SELECT id, order_id, status, amount FROM payment_refund",
            "SELECT booking, account, amount FROM payment_ledgerentry",
            'SELECT file, line, outcome, reason, "order", net FROM payment_replayedline',
            "SELECT id, status FROM extract_sagarun",
        ),
        "product": (
            "SELECT sku, name, restocked, on_hand, reserved, sold FROM product_product",
            "SELECT checkout, state FROM product_reservation",
        ),
        "invoice": ("SELECT kind, reference, total FROM invoice_document",),
        "receipt": ("SELECT reference, status FROM receipt_receipt",),
    }
    found: dict[str, list[Any]] = {}
    for alias, queries in looks.items():
        database = sqlite3.connect(data_dir / f"{alias}.sqlite3")
        found |= {query: sorted(database.execute(query).fetchall()) for query in queries}
    return found
