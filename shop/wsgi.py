"""The serving process: Django's WSGI application, and the background worker beside it."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()

from extract.event import worker  # noqa: E402  (needs the settings)

worker.start()
