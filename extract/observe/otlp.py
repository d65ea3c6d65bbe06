"""The same hops for an OpenTelemetry collector, by OTLP over HTTP. Off unless one is named.

A collector that is away or slow keeps nobody waiting: hops wait for it in a queue of bounded
length, and what does not fit is lost. The SDK's own variables (``OTEL_BSP_…``,
``OTEL_EXPORTER_OTLP_HEADERS``, ``…_TIMEOUT``) count as well.
"""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING

from django.conf import settings

from extract.trace import Span, add_sink

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from extract.observe.otlp_spans import Translator

PATH = "/v1/traces"
LAST_SECONDS = 3.0
"""How long the end of a process waits, at most, until the collector has the last of them."""


def send_spans(service: str) -> None:
    """From now on, send every hop of this process, and of those it forks, to the collector at
    ``EXTRACT_OTLP_ENDPOINT``."""
    global _sender
    if settings.EXTRACT_OTLP_ENDPOINT and _sender is None:
        _sender = _Sender(service, f"{settings.EXTRACT_OTLP_ENDPOINT}{PATH}")
        add_sink(_sender)


def finish() -> None:
    """Send what is left; nothing is sent after it. Also done as the interpreter ends."""
    if _sender is not None:
        _sender.finish()


class _Sender:
    """Its threads begin with the first hop of a process, so that none is lost in a fork."""

    def __init__(self, service: str, url: str) -> None:
        from extract.observe.otlp_spans import Translator

        self._url = url
        self._translator: Translator = Translator(service)
        self._begin()
        os.register_at_fork(after_in_child=self._begin)
        atexit.register(self.finish)

    def __call__(self, hop: Span) -> None:
        (self._processor or self._started()).on_end(self._translator(hop))

    def finish(self) -> None:
        """In a thread of its own, since the SDK's own end may take half a minute."""
        if (processor := self._processor) is None:
            return
        ending = threading.Thread(target=processor.shutdown, name="otlp-end", daemon=True)
        ending.start()
        ending.join(LAST_SECONDS)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._processor: BatchSpanProcessor | None = None

    def _started(self) -> BatchSpanProcessor:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        with self._lock:
            if self._processor is None:
                self._processor = BatchSpanProcessor(OTLPSpanExporter(self._url))
            return self._processor


_sender: _Sender | None = None
