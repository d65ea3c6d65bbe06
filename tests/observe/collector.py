"""An OpenTelemetry collector as far as a test needs one: OTLP over HTTP, decoded, kept."""

from __future__ import annotations

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


class Collector:
    """Listens once made. ``received`` are spans as they came, each with its resource's
    attributes."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, Any], Any]] = []
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                if self.path != "/v1/traces":
                    self.send_error(404)
                    return
                for batch in ExportTraceServiceRequest.FromString(body).resource_spans:
                    resource = attributes_of(batch.resource)
                    for scope in batch.scope_spans:
                        received.extend((resource, each) for each in scope.spans)
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.end_headers()
                self.wfile.write(ExportTraceServiceResponse().SerializeToString())

            def log_message(self, format: str, *args: Any) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def attributes_of(told: Any) -> dict[str, Any]:
    """Of a resource, a span or an event: by name, as Python has them."""
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value")) for each in told.attributes
    }
