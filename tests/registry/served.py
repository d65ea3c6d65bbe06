"""A serving process, as small as can be: ``python -m tests.registry.served``.

Its environment says who it is. It answers ``/internal/`` and, below ``/serving/<app>``, whom it
would send there. SIGTERM ends it as a deployment does.
"""

from __future__ import annotations

import os
import signal
import sys
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django.setup()

from django.conf import settings  # noqa: E402

from extract.registry import current_view, join, leave  # noqa: E402
from extract.trust import InternalEntry  # noqa: E402


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None: ...


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    view = current_view()
    assert view is not None
    serving = view.serving(environ["PATH_INFO"].removeprefix("/serving/"))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [",".join(instance.name for instance in serving).encode()]


def end(number: int, frame: Any) -> None:
    leave()
    sys.exit(0)


if __name__ == "__main__":
    host, _, port = settings.EXTRACT_ADDRESS.rpartition(":")
    server = make_server(host, int(port), InternalEntry(application), Server, Quiet)
    signal.signal(signal.SIGTERM, end)
    join(ready=lambda: True, describe_extra=lambda: {"version": "1"})
    server.serve_forever(0.05)
