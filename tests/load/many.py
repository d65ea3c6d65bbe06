"""Many instances of everything on one machine, and customers who see no difference:
``python -m tests.load many``. Not timed; ``--seconds`` and ``--rate`` say nothing here."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests import components
from tests.fleets import Fleet
from tests.load.books import Books
from tests.load.visits import CUSTOMER
from tests.postgres import Cluster
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop

SIZE = ("home=2", "product=5", "payment=5", "invoice=5", "receipt=5")
PATHS = ("/", "/products/", "/cart/", "/api/orders/", "/api/invoices/NONE/", "/api/receipts/x/")
LOOKS = 30


def many(**how: Any) -> bool:
    """Whether a guest and a customer buy, all instances are listed, and each app's take turns."""
    directory = Path(tempfile.mkdtemp(prefix="shop-load-"))
    cluster = Cluster(components.needed("PostgreSQL", components.postgresql()))
    env = {"DATABASE_URL": cluster.create(), "THROTTLE": "off", "EXTRACT_SHOW_INSTANCE": "1"}
    fleet = Fleet(directory, env)
    try:
        began = time.monotonic()
        fleet.start(*SIZE)
        print(f"many: up {' '.join(SIZE)} after {time.monotonic() - began:.1f} s", flush=True)
        orders = [_bought(fleet, signed_in) for signed_in in (False, True)]
        served = _served(fleet)
        listed = Counter(str(each["app"]) for each in fleet.status()["instances"])
        books = Books(fleet)
        books.settle()
        broken = books.audit()
    finally:
        fleet.stop()
        cluster.stop()
        shutil.rmtree(directory, ignore_errors=True)
    print(f"  a guest's order {orders[0]['order']} and a customer's {orders[1]['order']} are paid")
    print(f"  status lists {dict(sorted(listed.items()))}")
    print(f"  n = {LOOKS} requests for each of {len(PATHS)} paths were answered by {served}")
    print(f"  audit: {broken or 'clean'}", flush=True)
    wanted = {name: int(count) for name, _, count in (each.partition("=") for each in SIZE)}
    return not broken and wanted.items() <= listed.items() and served == wanted


def _bought(fleet: Fleet, signed_in: bool) -> dict[str, Any]:
    transport = HttpTransport(fleet.base_url)
    try:
        shop = Shop(transport)
        if signed_in:
            shop.sign_in(*CUSTOMER)
        sku = str(shop.request("GET", "/api/products/").json["results"][0]["sku"])
        order = shop.buy(**{sku: 1})
        assert order["status"] == "paid", order
        return dict(order)
    finally:
        transport.close()


def _served(fleet: Fleet) -> dict[str, int]:
    """By how many instances of each role requests were answered."""
    seen: set[str] = set()
    for path in PATHS:
        for _ in range(LOOKS):
            transport = HttpTransport(fleet.base_url)
            answer = transport.send("GET", path, headers={}, body=b"")
            seen.add(answer.headers["x-served-by"])
            transport.close()
    return dict(Counter(name.partition("/")[0] for name in sorted(seen)))
