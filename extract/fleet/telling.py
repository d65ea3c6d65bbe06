"""How verbs tell the running fleet what is wanted, and show what it says."""

from __future__ import annotations

import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from extract.fleet.control import Request, Said, told
from extract.registry.running import current


def tell(command: BaseCommand, request: Request) -> None:
    """Until it is done. Raises ``CommandError`` if it fails or no fleet runs."""
    running = current()
    if running is None:
        raise CommandError(
            f"No fleet is up for {settings.DATA_DIR}; 'manage.py extract up' starts one."
        )
    last = Said()
    try:
        for last in told(running.socket, request):
            if last.progress:
                command.stdout.write(last.progress)
    except OSError as error:
        if request.verb != "down" or current() is not None:
            raise CommandError(f"The fleet cannot be told: {error.strerror or error}.") from error
    if request.verb == "down":
        while current() is not None:
            time.sleep(0.05)
    elif last.failed or not last.done:
        raise CommandError(last.failed or "The fleet ended before it was done.")
    if last.done:
        command.stdout.write(f"{last.done}.")
