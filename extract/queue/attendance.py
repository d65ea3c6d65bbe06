"""A Celery worker among the instances: it registers while it works, and says goodbye.

It runs in the worker's parent process, which opens no database: that is for its children.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from celery import bootsteps
from celery.signals import worker_shutting_down
from celery.worker import state
from django.conf import settings

from extract.queue.configuration import queue_names
from extract.queue.watch import Watch, probe_queue
from extract.registry import Kind, View, join, leave
from extract.registry.load import count_also
from extract.trust import InternalEntry

logger = structlog.get_logger(__name__)

ANSWERED = ("instance", "metrics", "targets")
"""Below ``/internal/``."""
SILENT = 70
"""The exit code of a worker that fell silent."""


class Attendance(bootsteps.StartStopStep):
    """Watches the worker; with a role, it is an instance of its kind as well."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        queue = probe_queue(settings.EXTRACT_INSTANCE)
        worker.app.amqp.queues.select_add(queue)
        self._watch = Watch(worker.app, queue, _end, lambda: _is_connected(worker))
        self._view: View | None = None
        self._is_drained = False

    def start(self, worker: Any) -> None:
        self._watch.start()
        if settings.EXTRACT_ROLE:
            worker_shutting_down.connect(self._leave, weak=False)
            settings.EXTRACT_ADDRESS = open_door(settings.EXTRACT_ADDRESS, self._watch.is_working)
            count_also(lambda: len(state.active_requests))
            self._view = join(ready=self._watch.is_working, describe_extra=_extra, kind=Kind.WORKER)
            self._view.subscribe(lambda: self._follow(worker))

    def stop(self, worker: Any) -> None:
        self._watch.stop()

    def _leave(self, **kwargs: Any) -> None:
        # In the handler of a signal, where a lock may be held already.
        threading.Thread(target=leave, name="leaving", daemon=True).start()

    def _follow(self, worker: Any) -> None:
        """A drained worker takes nothing more from its queues until it is enabled."""
        known = self._view.known() if self._view else ()
        own = [each for each in known if each.instance.id == settings.EXTRACT_INSTANCE]
        is_drained = any(each.drained for each in own)
        consumer = getattr(worker, "consumer", None)
        if is_drained == self._is_drained or consumer is None:
            return
        self._is_drained = is_drained
        change = consumer.cancel_task_queue if is_drained else consumer.add_task_queue
        for name in queue_names(worker.app):
            consumer.call_soon(change, name)
        said = "worker.drained" if is_drained else "worker.enabled"
        consumer.call_soon(partial(logger.info, said))


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each connection, for as long as a request may take; when there are too many,
    the one that has been there longest ends."""

    daemon_threads = True
    request_queue_size = 128
    SECONDS = 5.0
    MOST = 64

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open: dict[Any, float] = {}

    def process_request(self, request: Any, client_address: Any) -> None:
        for oldest in tuple(self._open)[: len(self._open) - self.MOST + 1]:
            self._end(oldest)
        self._open[request] = time.monotonic() + self.SECONDS
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """Called about twice a second."""
        now = time.monotonic()
        for request in [each for each, ends_at in tuple(self._open.items()) if ends_at < now]:
            self._end(request)

    def shutdown_request(self, request: Any) -> None:
        self._open.pop(request, None)
        super().shutdown_request(request)

    def _end(self, request: Any) -> None:
        """Its thread finds that nobody is there any more."""
        if self._open.pop(request, None) is not None:
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nobody wants to read of every heartbeat."""


def open_door(address: str, is_working: Callable[[], bool]) -> str:
    """Answer at ``address`` (its port may be 0) who is there, how it does, and to ``/health/``;
    returns the address with its port. Raises ``OSError``."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"

    def health(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        status = HTTPStatus.NOT_FOUND
        if path == "/health/live/" or (path == "/health/ready/" and is_working()):
            status = HTTPStatus.OK
        elif path == "/health/ready/":
            status = HTTPStatus.SERVICE_UNAVAILABLE
        start_response(f"{status.value} {status.phrase}", [("Content-Type", "text/plain")])
        return [f"{status.phrase}\n".encode()]

    door = InternalEntry(health, only=ANSWERED)
    server = make_server(host, int(port or 0), door, server_class=_Server, handler_class=_Handler)
    threading.Thread(target=server.serve_forever, name="worker-door", daemon=True).start()
    return f"{address.rpartition(':')[0] or host}:{server.server_port}"


def _is_connected(worker: Any) -> bool:
    """Whether what takes messages off the queues has its connection to the broker."""
    connection = getattr(getattr(worker, "consumer", None), "connection", None)
    return connection is not None and bool(connection.connected)


def _extra() -> dict[str, Any]:
    return {"version": settings.EXTRACT_VERSION}


def _end(silence: float) -> None:
    """Whoever keeps this process running starts another one; the kernel ends its children."""
    logger.critical("worker.silent", seconds=round(silence, 1), instance=settings.EXTRACT_INSTANCE)
    os._exit(SILENT)
