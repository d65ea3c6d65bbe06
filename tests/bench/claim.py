"""The article's claim: a heavy checkout slows people who only browse, and moving it out helps.

Three arrangements of the shop share one core, PostgreSQL and nginx included; the visitors
have the other one. Browsing is an open loop at a fixed rate, checkouts are one at more than
what the arrangement can do. ``make bench ARGS=claim`` (about five minutes).
"""

from __future__ import annotations

import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPException
from pathlib import Path

import psycopg

from tests import components
from tests.bench.measure import Figure
from tests.bench.nginx import plain_gateway
from tests.fleets import Fleet
from tests.postgres import Cluster
from tests.redis_server import RedisServer
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop
from tests.serving import Server

SECONDS = 25.0
BROWSES = 8.0
"""Pages a second that people look at."""
CLIENTS = 160
OVERLOAD = 1.3
"""Checkouts wanted, over the checkouts that the arrangement can do."""
SERVERS_CORE, VISITORS_CORE = 0, 1
PAGES = ("/products/", "/products/?page=2", "/api/products/", "/api/products/?page=3")

Place = Callable[[ExitStack, Path, str], str]


def run() -> list[Figure]:
    """Browse p99 in each arrangement, idle and under saturated checkout."""
    return [figure for name, place in PLACES.items() for figure in measured(name, place)]


def measured(name: str, place: Place) -> list[Figure]:
    """The figures of one arrangement, on databases of its own."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shop-claim-")))
        with on_core(SERVERS_CORE):
            cluster = Cluster(components.needed("PostgreSQL", components.postgresql()))
            stack.callback(cluster.stop)
            base_url = place(stack, directory, database := cluster.create())
        with on_core(VISITORS_CORE):
            _plenty(database)
            sku = str(_ask(base_url, lambda shop: shop.request("GET", "/api/products/"))["sku"])
            _browse(base_url, 5.0)
            idle = _browse(base_url, SECONDS)
            possible = _capacity(base_url, sku)
            over = threading.Event()
            with ThreadPoolExecutor(1) as beside:
                buying = beside.submit(_saturate, base_url, sku, possible * OVERLOAD, over)
                time.sleep(5.0)
                loaded = _browse(base_url, SECONDS)
                over.set()
                done = buying.result()
    note = f"{possible:.1f} checkouts/s possible, {possible * OVERLOAD:.1f} wanted, {done} done"
    return [
        Figure(
            name=f"browse p{percent} under checkouts, {name}",
            value=_percentile(loaded, percent) * 1000,
            unit="ms",
            n=len(loaded),
            against="nobody buying",
            baseline=_percentile(idle, percent) * 1000,
            ratio=_percentile(loaded, percent) / _percentile(idle, percent),
            note=note,
        )
        for percent in (50, 99)
    ]


def one_pool(stack: ExitStack, directory: Path, database: str) -> str:
    """Two processes of the monolith, each serving everything."""
    servers = [_monolith(stack, directory / str(n), database) for n in range(2)]
    return plain_gateway(stack, directory, {"/": [server.port for server in servers]})


def two_pools(stack: ExitStack, directory: Path, database: str) -> str:
    """Two processes of the monolith; the gateway sends payment's paths to the second."""
    from shop.routes import ROUTES

    browse, pay = (_monolith(stack, directory / str(n), database) for n in range(2))
    payment = next(route for route in ROUTES if route.app == "payment")
    paths = {prefix: [pay.port] for prefix in payment.prefixes}
    return plain_gateway(stack, directory, {"/": [browse.port], **paths})


def payment_out(stack: ExitStack, directory: Path, database: str) -> str:
    """Home and one process of payment, by ``extract up``."""
    redis = RedisServer(components.redis_server())
    stack.callback(redis.remove)
    env = {"DATABASE_URL": database, "REDIS_URL": redis.url, "THROTTLE": "off"}
    fleet = Fleet(directory, env)
    stack.callback(fleet.stop)
    fleet.start("home=1", "identity=1", "payment=1")
    return str(fleet.base_url)


PLACES: dict[str, Place] = {
    "one pool": one_pool,
    "two pools": two_pools,
    "payment out": payment_out,
}


def _monolith(stack: ExitStack, directory: Path, database: str) -> Server:
    directory.mkdir()
    secret = {
        "SECRET_KEY": "one-secret-for-both-pools",
        "PAGES_SECRET_KEY": "one-key-for-both-pools",
    }
    payment = {"PAYMENT_SECRET_KEY": "payments-key-in-both-pools"}
    env = {"DATABASE_URL": database, "THROTTLE": "off", **secret, **payment}
    server = Server(data_dir=directory, env=env)
    for command in ("migrate", "demo"):
        server.manage(command).check_returncode()
    stack.callback(server.stop)
    return server.start()


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Run this thread, and the processes that it starts, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _plenty(database: str) -> None:
    with psycopg.connect(database, options="-c search_path=product") as connection:
        connection.execute("UPDATE product_product SET on_hand = on_hand + 1000000, "
                           "initial = initial + 1000000")  # fmt: skip


def _ask(base_url: str, ask: Callable[[Shop], object]) -> dict[str, object]:
    answer = ask(Shop(HttpTransport(base_url)))
    return dict(answer.json["results"][0])  # type: ignore[attr-defined]


def _browse(base_url: str, seconds: float) -> list[float]:
    """Seconds from when a page was due to when it was there, of pages wanted at a fixed rate."""
    dice, began = random.Random(1), time.monotonic()

    def look(path: str, due: float) -> float:
        transport = HttpTransport(base_url)
        try:
            answer = transport.send("GET", path, headers={}, body=b"")
            assert answer.status == 200, answer
        finally:
            transport.close()
        return time.monotonic() - began - due

    with ThreadPoolExecutor(CLIENTS) as clients:
        looks, due = [], 0.0
        while (due := due + dice.expovariate(BROWSES)) < seconds:
            time.sleep(max(0.0, began + due - time.monotonic()))
            looks.append(clients.submit(look, dice.choice(PAGES), due))
        return [each.result() for each in looks]


def _buy(base_url: str, sku: str) -> bool:
    transport = HttpTransport(base_url)
    try:
        Shop(transport).buy(**{sku: 1})
    except (AssertionError, OSError, HTTPException):
        return False  # turned away, as happens beyond what the shop can do
    finally:
        transport.close()
    return True


def _capacity(base_url: str, sku: str, *, buyers: int = 6, seconds: float = 10.0) -> float:
    """Checkouts a second that ``buyers`` get who never wait."""
    until = time.monotonic() + seconds

    def shop_on(_: int) -> int:
        bought = 0
        while time.monotonic() < until:
            bought += _buy(base_url, sku)
        return bought

    with ThreadPoolExecutor(buyers) as pool:
        return sum(pool.map(shop_on, range(buyers))) / seconds


def _saturate(base_url: str, sku: str, rate: float, over: threading.Event) -> int:
    """Begin ``rate`` checkouts a second until ``over``; how many went through."""
    dice = random.Random(2)
    with ThreadPoolExecutor(CLIENTS) as clients:
        bought = []
        while not over.wait(dice.expovariate(rate)):
            bought.append(clients.submit(_buy, base_url, sku))
        for waiting in bought:
            waiting.cancel()
        return sum(each.result() for each in bought if not each.cancelled())


def _percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
