"""The RabbitMQ that tests of messages rely on: what it keeps, and what it loses."""

import kombu
import pytest

from tests.rabbit_server import RabbitServer


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_it_has_confirmed_is_there_after_its_end(rabbitmq: RabbitServer, end: str) -> None:
    _put(rabbitmq, "kept")
    _put(rabbitmq, "lost", delivery_mode="transient")

    getattr(rabbitmq, end)()
    rabbitmq.start()

    assert (rabbitmq.depth("kept"), rabbitmq.depth("lost")) == (1, 0)


def test_nothing_is_there_after_a_flush(rabbitmq: RabbitServer) -> None:
    _put(rabbitmq, "one")
    _put(rabbitmq, "other")
    assert (rabbitmq.depth("one"), rabbitmq.depth("other")) == (1, 1)

    rabbitmq.flush()

    assert (rabbitmq.depth("one"), rabbitmq.depth("other")) == (0, 0)


def _put(rabbitmq: RabbitServer, queue: str, *, delivery_mode: str = "persistent") -> None:
    """A message on a durable queue, there when this returns."""
    sure = {"confirm_publish": True}
    with kombu.Connection(rabbitmq.url, transport_options=sure) as client:
        client.SimpleQueue(queue).put("message", delivery_mode=delivery_mode)
