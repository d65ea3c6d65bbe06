"""What one process does with one event, from its publication to its confirmation.

It publishes, relays and is the Celery worker as well, so that all of them die together.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import redis
from django.conf import settings
from django.db import connections
from kombu.transport.redis import QoS

from apps.product.models import Category
from extract.data import owned
from extract.event import publish
from extract.event.envelope import Envelope
from extract.event.models import OutboxEvent
from extract.event.relay import Relay
from extract.event.transport import Transport
from extract.queue.sending import Queued
from shop.celery import app
from tests.extract.event.scene import (
    LONG_AGO,
    PUBLISHER,
    SUBSCRIBER,
    Counted,
    Counter,
    time_passes,
)
from tests.faults.event.points import Points

THING = "thing"
QUEUE = f"home.{SUBSCRIBER}"
WORKER, SECOND_STEP = "worker", "second step"
PHASES = ("publish", "relay", "consume", "confirm")
ROUNDS = 10


class Journey:
    """One process's part in it."""

    def __init__(self, points: Points) -> None:
        self._points = points
        self._broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)
        self._way: Transport = Queued(app)
        self._relay = Relay(PUBLISHER, self._way)
        Counter().finishing = self._finish

    def whole(self) -> None:
        """All of it, as if nothing ever failed."""
        with self._phase("publish"):
            self._publish()
        with self._phase("relay"):
            self._relay.run()
        with self._phase("consume"):
            self._work()
        _the_pause_ends()
        with self._phase("confirm"):
            self._relay.run()

    def go_on(self) -> None:
        """What another process does, some time after the death of the first."""
        time_passes()
        self._time_passes_at_the_broker()
        with self._phase("go on"):
            for _ in range(ROUNDS):
                is_moved = self._relay.run() + self._way.finish_due(SUBSCRIBER)
                if self._has_messages():
                    self._work()
                elif not is_moved:
                    return
                _the_pause_ends()

    def work_on(self) -> None:
        """What another worker does, while no relay runs."""
        self._time_passes_at_the_broker()
        if self._has_messages():
            with self._phase("work on"):
                self._work()

    def have_a_rival(self) -> None:
        """While this relay hands an event over, another one of the same outbox looks for work."""
        send = self._way.send

        def send_late(subscriber: str, envelope: Envelope, *, again: bool) -> None:
            Relay(PUBLISHER, Queued(app)).run()
            send(subscriber, envelope, again=again)

        self._way.send = send_late  # type: ignore[method-assign]

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        self._points.phase = name
        yield
        self._points.phase = ""

    def _publish(self) -> None:
        with owned(PUBLISHER):
            Category.objects.create(name=THING, slug=THING)
            publish(Counted(thing=THING, number=1), aggregate=THING)

    def _finish(self, event: Counted) -> None:
        with self._points.around(SECOND_STEP):
            """Whatever it is, it is done here, outside of any transaction."""

    def _work(self) -> None:
        """Be a Celery worker until there are no messages."""
        with self._points.around(WORKER):
            # As one that has just been started: it cuts what connections it finds.
            connections.close_all()
        worker = app.WorkController(
            pool="solo", concurrency=1, hostname=f"worker@{os.getpid()}",
            without_gossip=True, without_mingle=True, without_heartbeat=True,
        )  # fmt: skip
        acknowledge = QoS.ack

        def leave() -> None:
            raise SystemExit

        def acknowledge_and_look(qos: QoS, delivery_tag: str) -> None:
            acknowledge(qos, delivery_tag)
            if not self._has_messages():
                worker.hub.call_soon(leave)

        QoS.ack = acknowledge_and_look
        worker.start()
        QoS.ack = acknowledge

    def _has_messages(self) -> bool:
        return bool(self._broker.llen(QUEUE) or self._broker.hlen("unacked"))

    def _time_passes_at_the_broker(self) -> None:
        """Long enough for it to hand out again what a worker took and did not acknowledge."""
        for tag in self._broker.zrange("unacked_index", 0, -1):
            self._broker.zadd("unacked_index", {tag: 1.0})


def _the_pause_ends() -> None:
    """The relay may look for confirmations, but awaits them still."""
    with owned(PUBLISHER):
        OutboxEvent.objects.using(PUBLISHER).update(due_at=LONG_AGO)
