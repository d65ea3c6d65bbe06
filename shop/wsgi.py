"""The serving process: Django's WSGI application, and what its role needs around it."""

import os
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application: Any = get_wsgi_application()

# All of these need the settings.
from django.conf import settings  # noqa: E402

from extract.event import background  # noqa: E402
from extract.observe import metrics, otlp, tell_hops  # noqa: E402
from extract.queue.way import way  # noqa: E402
from extract.registry import load  # noqa: E402
from extract.trust import InternalEntry  # noqa: E402

tell_hops(settings.EXTRACT_ROLE or "shop")
otlp.send_spans(settings.EXTRACT_ROLE or "shop")

if settings.EXTRACT_ROLE:
    from extract.fleet.wiring import connect

    application = InternalEntry(application)
    connect()
else:
    load.count()
    application = InternalEntry(application, None, only=metrics.PREFIXES)
metrics.start()

if settings.EXTRACT_APPS and (transport := way()):
    background.start(transport)
