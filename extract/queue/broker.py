"""The broker: where it is, and how many messages it holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

from extract.queue.places import home_queue, own_queue
from extract.registry import running

if TYPE_CHECKING:
    from celery import Celery
    from kombu import Connection

PATIENCE = 1.0
"""Seconds that the broker has to answer."""
IN_TIME = {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE} | {
    "read_timeout": PATIENCE, "write_timeout": PATIENCE
}  # fmt: skip
"""In the words of Redis' transport and of RabbitMQ's, each of which ignores the other's."""


def broker_url(redis_url: str) -> str:
    """The broker where no other one is named: the registry's Redis, as Celery spells it."""
    return redis_url.replace("unix://", "redis+socket://", 1)


def messages_in(celery: Celery, queue: str) -> int | None:
    """How many messages wait in ``queue``; those that workers have taken and not acknowledged are
    not counted. None if the broker does not answer."""
    with _connection(celery, celery.conf.broker_url) as connection:
        try:
            connection.ensure_connection(max_retries=0)
            return _length(connection, queue)
        except _away(connection):
            return None


def messages_for(apps: Iterable[str]) -> dict[str, int]:
    """How many messages wait in the two queues of each app, as ``messages_in`` counts. Empty
    without a broker, or if it does not answer."""
    url = settings.CELERY_BROKER_URL or _of_the_fleet()
    if not url:
        return {}
    with _connection(import_string(settings.EXTRACT_CELERY), url) as connection:
        try:
            connection.ensure_connection(max_retries=0)
            return {
                app: sum(_length(connection, name) for name in (own_queue(app), home_queue(app)))
                for app in apps
            }
        except _away(connection):
            return {}


def _connection(celery: Celery, url: str) -> Connection:
    return celery.connection_for_read(url, connect_timeout=PATIENCE, transport_options=IN_TIME)


def _away(connection: Connection) -> Any:
    return (OperationalError, OSError, *connection.connection_errors)


def _length(connection: Connection, queue: str) -> int:
    # Of its own: RabbitMQ closes a channel on which a queue was named that does not exist.
    channel: Any = connection.channel()
    try:
        return int(channel.queue_declare(queue, passive=True).message_count)
    except connection.channel_errors:
        return 0
    finally:
        channel.close()


def _of_the_fleet() -> str:
    """The broker of the ``up`` that runs here, or ""."""
    up = running.current()
    return broker_url(up.redis_url) if up else ""
