"""All four services out, their messages by RabbitMQ; then the servers beneath them restart."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from shop.routes import APP_LABELS
from tests.docker.books import ContainerBooks
from tests.docker.stack import Stack, wait_until
from tests.load.driver import Mix, drive

PROFILES = ("--profile", "services", "--profile", "rabbitmq")


@pytest.fixture
def on_rabbitmq(shop: Stack) -> Iterator[Stack]:
    shop.compose(*PROFILES, "up", "-d")
    shop.restart_home()
    wait_until(lambda: all(shop.served_by(app) for app in ("home", *APP_LABELS)))
    wait_until(lambda: all(shop.serving(app) == app for app in APP_LABELS))
    yield shop
    shop.make_secrets("--broker", "redis")
    shop.compose(*PROFILES, "rm", "--stop", "--force", "rabbitmq")
    shop.restart_home()


def test_restarts_beneath_lose_nothing(
    on_rabbitmq: Stack, books: ContainerBooks, figures: list[str]
) -> None:
    shop = on_rabbitmq
    wait_until(lambda: {"payment", "receipt"} <= _queues(shop))
    for seed, server in enumerate(("redis", "postgres"), start=12):
        before = set(books.orders())
        log = drive(
            shop.base_url, books.skus, seconds=20, seed=seed, mix=Mix(rate=2.0),
            disturb=lambda over, server=server: _restart(shop, server, over),
        )  # fmt: skip
        assert books.disagreements(log, before=before) == []
        assert log.orders
        figures.append(
            f"{server} restarted, all four services out: {len(log.failures())} of "
            f"{len(log.entries)} requests failed, {len(log.unanswered)} keyed ones also when "
            f"repeated at once"
        )


def _queues(shop: Stack) -> set[str]:
    """Those that workers have declared: a worker is there later than what serves."""
    listed = shop.compose("exec", "-T", "rabbitmq", "rabbitmqctl", "-q", "list_queues", "name")
    return set(listed.split())


def _restart(shop: Stack, server: str, over: threading.Event) -> None:
    over.wait(4)
    shop.compose("restart", server)
