"""The databases of a fleet, read past all of its code: do they say what the clients were told?"""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from typing import Any

import psycopg

from tests.fleets import Fleet
from tests.load.log import Log
from tests.load.visits import EMAIL

SETTLES_WITHIN = 60.0


class Books:
    """A fleet's PostgreSQL database."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._url = fleet.env["DATABASE_URL"]

    def rows(self, app: str, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._url, options=f"-c search_path={app}") as connection:
            return list(connection.execute(sql, parameters).fetchall())

    def execute(self, app: str, statement: str) -> None:
        with psycopg.connect(self._url, options=f"-c search_path={app}") as connection:
            connection.execute(statement)

    def stock_up(self, pieces: int = 1_000_000) -> list[str]:
        """Let nothing be sold out; returns the SKUs that are on sale."""
        more = f"on_hand = on_hand + {pieces}, initial = initial + {pieces}"
        self.execute("product", f"UPDATE product_product SET {more}")
        active = "SELECT sku FROM product_product WHERE is_active ORDER BY sku LIMIT 40"
        return [row[0] for row in self.rows("product", active)]

    def drain(self, ids: list[str]) -> None:
        """Have just these instances drained, as an operator's rows say it."""
        with psycopg.connect(self._url) as connection:
            connection.execute("DELETE FROM extract_registry_drained")
            for id in ids:
                connection.execute(
                    "INSERT INTO extract_registry_drained (instance, by, at, seen) "
                    "VALUES (%s, 'load', now(), now())",
                    (id,),
                )

    def settle(self) -> float:
        """Wait until every saga has ended and outboxes and inboxes are empty; how many seconds."""
        began = time.monotonic()
        while left := self._under_way():
            waited = time.monotonic() - began
            assert waited < SETTLES_WITHIN, f"still under way after {SETTLES_WITHIN} s: {left}"
            time.sleep(0.1)
        return time.monotonic() - began

    def _under_way(self) -> dict[str, int]:
        looks = {
            "payment sagas": (
                "payment",
                "extract_sagarun WHERE status IN ('running', 'compensating')",
            ),
            "payment outbox": ("payment", "extract_outboxevent WHERE state = 'waiting'"),
            "receipt inbox": ("receipt", "extract_inboxevent WHERE state = 'waiting'"),
        }
        found = {
            name: int(self.rows(app, f"SELECT count(*) FROM {what}")[0][0])
            for name, (app, what) in looks.items()
        }
        return {name: number for name, number in found.items() if number}

    def orders(self) -> dict[str, str]:
        """Every order that the load made, and its status."""
        found = self.rows("payment", "SELECT id, status FROM payment_order WHERE email = %s", EMAIL)
        return {str(order): status for order, status in found}

    def disagreements(self, log: Log, *, before: Collection[str] = ()) -> list[str]:
        """In how many ways the databases contradict the clients' log; [] is right. ``before`` are
        the orders of an earlier load."""
        self.settle()
        orders = {order: status for order, status in self.orders().items() if order not in before}
        charges = self.rows(
            "payment",
            "SELECT key, count(*) FROM payment_sandboxcharge WHERE NOT voided GROUP BY key",
        )
        charged = {str(key): number for key, number in charges}
        receipts = self.rows(
            "receipt", "SELECT reference, count(*) FROM receipt_receipt GROUP BY 1"
        )
        receipted = {str(order): number for order, number in receipts}
        told = set(log.orders.values())
        paid = {order for order, status in orders.items() if status == "paid"}
        wrong = [f"{order} was acknowledged and is not paid" for order in told - paid]
        surplus = len(paid - told)
        if surplus > len(log.unanswered):
            wrong.append(f"{surplus} paid orders that no client was told of")
        wrong += [f"{order} was charged {charged.get(order, 0)} times" for order in paid
                  if charged.get(order) != 1]  # fmt: skip
        wrong += [f"{order} is not paid but charged" for order in charged.keys() & orders.keys()
                  if order not in paid]  # fmt: skip
        wrong += [f"{order} has {receipted.get(order, 0)} receipts" for order in paid
                  if receipted.get(order) != 1]  # fmt: skip
        return wrong + [f"audit: {broken}" for broken in self.audit()]

    def audit(self) -> list[Any]:
        """What ``manage.py extract audit`` finds broken."""
        audited = self._fleet.manage("extract", "audit", "--json")
        assert audited.returncode in (0, 1), audited.stderr
        return list(json.loads(audited.stdout.splitlines()[-1])["broken"])
