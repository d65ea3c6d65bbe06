"""``broker``: a real Redis, then a real RabbitMQ. ``relay``: hands product's events to it.
``worker``: takes them off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.messages.workers import Worker


@pytest.fixture(params=["redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> Any:
    """A server with ``url``, ``stop``, ``start``."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def celery(database: None, broker: Any) -> Iterator[Any]:
    """The Celery app of this process, which sends."""
    from celery import Celery
    from django.conf import settings

    from extract.queue.configuration import configure

    app = Celery("tests", set_as_current=False)
    configure(
        app, broker_url=broker.url, role="", apps=settings.EXTRACT_APPS,
        step_seconds=settings.EXTRACT_STEP_SECONDS,
    )  # fmt: skip
    yield app
    app.close()


@pytest.fixture
def counter(database: None) -> Iterator[Any]:
    """This process publishes to a subscriber, and the worker's is the one that is called."""
    from extract.event.subscription import withdraw
    from tests.extract.event.scene import Counter

    counter = Counter()
    yield counter
    withdraw(counter.subscription)


@pytest.fixture
def way(celery: Any) -> Any:
    """The way of this process to its subscribers."""
    from extract.queue.sending import Queued

    return Queued(celery)


@pytest.fixture
def relay(counter: Any, way: Any) -> Callable[[], int]:
    """Do what the loops of a serving process do: relay product's events, ask for what is due."""
    from extract.event.relay import Relay
    from tests.extract.event.scene import PUBLISHER, SUBSCRIBER

    relay = Relay(PUBLISHER, way)
    return lambda: relay.run() + way.finish_due(SUBSCRIBER)


@pytest.fixture
def worker(celery: Any, broker: Any, tmp_path: Path) -> Iterator[Worker]:
    """Not started yet."""
    worker = Worker(broker.url, tmp_path, EXTRACT_STEP_SECONDS="3", EXTRACT_INSTANCE="tested")
    yield worker
    worker.kill()
