"""``extract relay APP``: what an app's events leave to do is done without anybody at home."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable

from tests.fleets import ROOT, Fleet, wait_until
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop


def test_events_of_an_app_that_is_gone_are_delivered_by_a_relay(
    make_fleet: Callable[[], Fleet],
) -> None:
    fleet = make_fleet().start(
        "home=0", "identity=0", "product", "payment", "invoice", "receipt", "receipt-worker=0"
    )
    transport = HttpTransport(fleet.base_url)
    shop = Shop(transport)
    results = shop.request("GET", "/api/products/").json["results"]
    bought = shop.buy(**{next(each["sku"] for each in results if each["available"]): 1})

    def status() -> str:
        answer = shop.receipt(bought["order"], access=bought["access"])
        return str(answer.json["status"]) if answer.status == 200 else ""

    # Payment can hand nothing over before it goes, and afterwards there is nobody to do it.
    for scaled in ("payment", "0"), ("receipt-worker", "1"):
        assert fleet.manage("extract", "scale", *scaled).returncode == 0
    assert status() == ""

    relay = subprocess.Popen(
        [sys.executable, "manage.py", "extract", "relay", "payment"],
        cwd=ROOT, env=fleet.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        # The mail waits for payment, which alone can say who may read the receipt.
        wait_until(lambda: status() == "queued")
        assert {each["app"] for each in fleet.status()["instances"]} == {
            "product", "invoice", "receipt",
        }  # fmt: skip
    finally:
        transport.close()
        relay.send_signal(signal.SIGTERM)
        said, _ = relay.communicate(timeout=30)
    first = said.partition("\n")[0]
    assert (relay.returncode, first) == (0, "Relaying for payment; Ctrl-C ends it.")
