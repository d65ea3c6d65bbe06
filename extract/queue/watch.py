"""Whether a worker works: it sends itself messages through the broker, and counts what it takes on.

A worker can go on living and consume nothing, as after a broker's restart. Nobody else would see.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog
from celery import Celery
from celery.worker import state
from kombu import Queue
from kombu.exceptions import OperationalError

from extract.queue.configuration import queue_named
from extract.queue.tasks import PROBE

logger = structlog.get_logger(__name__)

PROBE_EVERY = 2.0
POLL_EVERY = 0.1
"""Seconds between two looks until the first probe got through."""
SILENT_AFTER = 10.0
"""Seconds after which an unanswered probe means silence, where no task is under way."""
CONNECTING = 30.0
"""Seconds for which Celery may wait, at most, before it tries to connect to its broker again."""
FORGOTTEN_AFTER = 60.0
"""Seconds after which the broker drops the queue of a worker that is no more."""

ONCE_MORE = {"max_retries": 1, "interval_start": 0.0}
"""A forked child closes the connections it inherits, and so its parent's: one that has to be opened
again does not mean that the broker is away."""


class Watch:
    """Probes by ``queue``, which this worker must empty; calls ``silent`` once it does not.

    A broker that takes no probes is no fault of the worker's, and when it is back the worker may
    still be waiting for its next try: ``is_connected`` tells. While tasks are under way a probe may
    have to wait for as long as a task may take.
    """

    def __init__(
        self,
        celery: Celery,
        queue: Queue,
        silent: Callable[[float], None],
        is_connected: Callable[[], bool],
    ) -> None:
        self._celery = celery
        self._queue = queue
        self._silent = silent
        self._is_connected = is_connected
        self._was_connected = True
        self._taken_on = 0
        self._unanswered: float | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="worker-watch", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def is_working(self) -> bool:
        """Whether a message got through, and not long ago."""
        return self._taken_on > 0 and self.silence() < SILENT_AFTER

    def silence(self) -> float:
        """Seconds since when a probe has been waiting for an answer."""
        since = self._unanswered
        return 0.0 if since is None else time.monotonic() - since

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._look()
            if self._taken_on or self._unanswered is None:
                self._probe()
            self._stopping.wait(PROBE_EVERY if self._taken_on else POLL_EVERY)

    def _look(self) -> None:
        taken_on = state.all_total_count[0]
        if taken_on != self._taken_on:
            self._taken_on, self._unanswered = taken_on, None
        may_take = SILENT_AFTER
        if state.active_requests:
            may_take += float(self._celery.conf.task_time_limit or 0)
        if not (is_connected := self._is_connected()):
            may_take += CONNECTING
        elif not self._was_connected and self._unanswered is not None:
            self._unanswered = time.monotonic()
        self._was_connected = is_connected
        if self.silence() > may_take:
            self._silent(self.silence())

    def _probe(self) -> None:
        try:
            self._celery.send_task(
                PROBE, queue=self._queue, expires=SILENT_AFTER,  # type: ignore[arg-type]
                ignore_result=True, mandatory=True, retry=True, retry_policy=ONCE_MORE,
            )  # fmt: skip
        except (OperationalError, OSError):
            self._unanswered = None
            return
        except self._celery.connection_for_write().channel_errors as error:
            # The broker is there and our queue is not: nothing will come of it.
            logger.warning("worker.probe_refused", reason=str(error))
        self._unanswered = self._unanswered or time.monotonic()


def probe_queue(instance: str) -> Queue:
    """The queue that only this worker empties."""
    name = f"probe.{instance}"
    return queue_named(name, auto_delete=True, durable=False, expires=FORGOTTEN_AFTER)
