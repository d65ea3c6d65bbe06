"""``make run``: everything between a checkout and a serving shop, each step only if it is due.

``python -m shop.start``; the port is ``PORT``.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connections

from shop.reaching import reach_servers


def main() -> None:
    """Prepare the data directory, then become gunicorn."""
    port = _port()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    django.setup()
    prepare()
    _say(f"\nThe shop is at http://127.0.0.1:{port}/ (Ctrl-C ends it)")
    _say(f"Its data is in {settings.DATA_DIR}\n")
    config = ["-c", "python:shop.serving", "shop.wsgi"]
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *config])


def prepare(*, demo: bool = True) -> None:
    """Databases, static files and the demo shop, each only if it is due; or the end, in a sentence
    for each reason. Also what ``extract up`` does first."""
    if refused := reach_servers(_say):
        sys.exit("\n".join(["The shop cannot start.", *refused]))
    try:
        _set_up(demo)
    except (OSError, DatabaseError) as error:
        sys.exit(f"The shop cannot be set up in {settings.DATA_DIR}: {error}.")


def _set_up(demo: bool) -> None:
    from shop import health  # models need Django to be set up

    if health.amiss():
        _say("Setting up the databases …")
        call_command("migrate", verbosity=0)
        if amiss := health.amiss():
            found = "; ".join(f"the database of {alias} {word}" for alias, word in amiss.items())
            sys.exit(f"The shop cannot start: {found}.")
    if settings.WHITENOISE_USE_FINDERS and not settings.DEBUG:
        _say("Collecting static files …")
        collect = ["manage.py", "collectstatic", "--no-input", "--clear", "--verbosity", "0"]
        done = subprocess.run(
            [sys.executable, *collect], cwd=settings.BASE_DIR, stderr=subprocess.PIPE, text=True
        )
        if done.returncode:
            raise OSError(done.stderr.strip().rpartition("\n")[2])
    if demo:
        call_command("demo")
    connections.close_all()


def _port() -> int:
    """The port to serve on, or the end: one sentence says what is wrong with it."""
    text = os.environ.setdefault("PORT", "8000")
    if not (text.isdecimal() and 0 < int(text) < 65536):
        sys.exit(f"PORT is {text!r}; it must be a number from 1 to 65535.")
    port = int(text)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            sys.exit(
                f"Port {port} cannot be used ({error.strerror}); "
                f"stop what listens there, or choose another one: make run PORT={port % 65535 + 1}"
            )
    return port


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
