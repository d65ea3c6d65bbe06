"""What a Celery app must be set to for the promises of events to hold."""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.signals import setup_logging
from kombu import Exchange, Queue

from extract.queue.places import queues_of


def configure(
    app: Celery, *, broker_url: str, role: str, apps: tuple[str, ...], step_seconds: float
) -> None:
    """Settings that are not a matter of taste, and the queues that workers of ``role`` empty.

    An event's steps that take longer than ``step_seconds`` have their claim lapse, and must not go
    on then. Redis hands a message out again after its visibility timeout, so that is longer than
    a message may be waited for and worked on. May be called before Django is set up.
    """
    queues = queues_of(role, apps)
    app.conf.update(
        broker_url=broker_url,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_heartbeat=10,
        broker_transport_options=_transport_options(broker_url, visibility=4 * step_seconds),
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_soft_time_limit=step_seconds,
        task_time_limit=1.25 * step_seconds,
        task_queues=[queue_named(name) for name in queues],
        task_default_queue=queues[0] if queues else "none",
        worker_prefetch_multiplier=1,
        # Its queue is named after the host: a second worker there, or one that comes after one
        # that was killed, would not start on RabbitMQ.
        worker_enable_remote_control=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
    )
    # Celery would close the database's connections before and after each task.
    app.conf["CELERY_DB_REUSE_MAX"] = 1_000_000
    setup_logging.connect(_leave_logging_alone, weak=False)


def queue_names(app: Celery) -> tuple[str, ...]:
    """The queues that ``configure`` has given to the workers of this process's role."""
    return tuple(queue.name for queue in app.conf.task_queues)


def _transport_options(broker_url: str, *, visibility: float) -> dict[str, Any]:
    if broker_url.startswith("amqp"):
        return {"confirm_publish": True, "read_timeout": 10, "write_timeout": 10}
    return {
        "visibility_timeout": visibility,
        # Every ten seconds it is looked for what has lapsed; kombu's own choice is a hundred.
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
    }


def queue_named(name: str, **options: Any) -> Queue:
    """A queue behind the broker's default exchange, which cannot be lost: on Redis another one is
    a key like any, and without it messages would be dropped unseen."""
    return Queue(name, Exchange("", type="direct"), name, **options)


def _leave_logging_alone(**kwargs: Any) -> None:
    """Django's settings have configured it."""
