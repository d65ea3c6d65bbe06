"""``extract relay APP``: what an app's events leave to do is done without anybody at home."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable

from tests.fleets import ROOT, Fleet, wait_until
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop


def test_events_are_delivered_by_a_relay(make_fleet: Callable[[], Fleet]) -> None:
    fleet = make_fleet().start("home=0", "identity=0", "product", "payment", "invoice", "receipt")
    transport = HttpTransport(fleet.base_url)
    shop = Shop(transport)
    results = shop.request("GET", "/api/products/").json["results"]
    bought = shop.buy(**{next(each["sku"] for each in results if each["available"]): 1})

    def status() -> str:
        answer = shop.receipt(bought["order"], access=bought["access"])
        return str(answer.json["status"]) if answer.status == 200 else ""

    assert status() != "sent"
    relays = [
        subprocess.Popen(
            [sys.executable, "manage.py", "extract", "relay", app],
            cwd=ROOT, env=fleet.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )
        for app in ("payment", "receipt")
    ]  # fmt: skip
    try:
        wait_until(lambda: status() == "sent")
        assert {each["app"] for each in fleet.status()["instances"]} == {
            "product", "payment", "invoice", "receipt",
        }  # fmt: skip
    finally:
        transport.close()
        for relay in relays:
            relay.send_signal(signal.SIGTERM)
        said = [relay.communicate(timeout=30)[0] for relay in relays]
    assert [relay.returncode for relay in relays] == [0, 0]
    assert said == [
        "Relaying for payment; Ctrl-C ends it.\n",
        "Relaying for receipt; Ctrl-C ends it.\n",
    ]
