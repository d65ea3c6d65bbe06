"""The Celery app: ``celery -A shop.celery worker`` empties the queues of this process's role."""

import os

from celery import Celery
from django.conf import settings

from extract.queue.attendance import Attendance
from extract.queue.configuration import configure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

app = Celery("shop")
configure(
    app,
    broker_url=settings.CELERY_BROKER_URL,
    role=settings.EXTRACT_ROLE,
    apps=settings.EXTRACT_APPS,
)
app.autodiscover_tasks(["extract.queue"])
app.steps["worker"].add(Attendance)
