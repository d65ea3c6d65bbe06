"""The Celery app: ``celery -A shop.celery worker`` empties the queues of this process's role."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init, worker_process_shutdown
from django.conf import settings

from extract.queue.configuration import configure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

app = Celery("shop")
configure(
    app,
    broker_url=settings.CELERY_BROKER_URL,
    role=settings.EXTRACT_ROLE,
    apps=settings.EXTRACT_APPS,
    step_seconds=settings.EXTRACT_STEP_SECONDS,
)
app.autodiscover_tasks(["extract.queue"])
# By name: it needs what Django has loaded, and this is read before.
app.steps["worker"].add("extract.queue.attendance:Attendance")


@worker_init.connect
def join_the_others(**kwargs: Any) -> None:
    """Before the worker forks its children, who make the calls."""
    from extract.observe import metrics, otlp, tell_hops

    tell_hops(settings.EXTRACT_ROLE or "shop")
    otlp.send_spans(settings.EXTRACT_ROLE or "shop")
    if settings.EXTRACT_ROLE:
        from extract.fleet.wiring import connect

        connect()
        metrics.start_in_worker()


@worker_process_shutdown.connect
def tell_the_rest(**kwargs: Any) -> None:
    """A child ends without what others do at their end."""
    from extract.observe import otlp

    otlp.finish()
