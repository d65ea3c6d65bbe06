"""The real process: it starts, answers, refuses oversized bodies, and ends when told."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable

from tests.serving import Server


def test_a_server_starts_answers_and_stops(serve: Callable[..., Server]) -> None:
    server = serve(demo=False)
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", "/api/carts/", b"x" * 5_000_000, {"X-Identity": "forged"})
    answer = connection.getresponse()
    assert answer.status == 413
    answer.read()
    connection.request("GET", "/health/live/")
    assert json.loads(connection.getresponse().read()) == {"status": "live"}
    connection.close()
    server.stop()
    assert not server.is_alive()


def test_logs_are_json_lines_with_the_correlation_id(serve: Callable[..., Server]) -> None:
    server = serve(demo=False)
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", "/api/nope/?access=secret-token", headers={"X-Request-ID": "id-1"})
    assert connection.getresponse().status == 404
    connection.close()
    server.stop()
    lines = [json.loads(line) for line in server.said().splitlines()]
    (line,) = [line for line in lines if line.get("http.request.id") == "id-1"]
    assert line["http.response.status_code"] == 404
    assert "secret-token" not in server.said()
