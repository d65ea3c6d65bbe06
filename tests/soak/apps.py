from datetime import timedelta

from django.apps import AppConfig
from django.conf import settings


class SoakConfig(AppConfig):
    name = "tests.soak"
    label = "soak"

    def ready(self) -> None:
        from extract.event import delays
        from extract.queue import sending
        from tests.soak import effects  # noqa: F401

        # No settings of the shop's: only a soak that has to be short is in a hurry.
        delays.FIRST_RESEND_DELAY = settings.SOAK_SEND_AGAIN
        sending.FINISH_AGAIN = timedelta(seconds=settings.SOAK_SEND_AGAIN)
