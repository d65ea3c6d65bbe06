"""What is said when Elasticsearch cannot be read from. What it gives: ``tests/elk``."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from extract.observe.traces import SourceAway
from extract.observe.traces import elasticsearch as module
from extract.observe.traces.elasticsearch import Elasticsearch
from tests.ports import free_port

Answers = Callable[[int, bytes], str]
SECRET = "hunter2"


@pytest.fixture
def answers() -> Iterator[Answers]:
    """``answers(status, body)`` gives the URL of a server that says this to everything."""
    servers = []

    def start(status: int, body: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_DELETE = answer  # noqa: N815 (the standard library's names)

            def log_message(self, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://elastic:{SECRET}@127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def said(url: str) -> set[str]:
    """The sentences of both methods, without the address."""
    source = Elasticsearch(url)
    sentences = set()
    for ask in (lambda: source.lines(["a"]), lambda: source.naming(["a"])):
        with pytest.raises(SourceAway) as raised:
            ask()
        assert SECRET not in f"{raised.value!r} {raised.value}"
        address = url.replace(f"elastic:{SECRET}@", "")
        sentences.add(str(raised.value).replace(f"Elasticsearch at {address}", "It"))
    return sentences


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (401, {"error": "no"}, "It refuses the user of ELASTICSEARCH_URL."),
        (403, {"error": "no"}, "It refuses the user of ELASTICSEARCH_URL."),
        (404, {"error": "no"}, "It has no index shop-logs; was it set up?"),
        (503, {"error": "no"}, "It answers 503; the log has what it said."),
        (302, {}, "It answers 302; the log has what it said."),
        (200, {"id": "x", "timed_out": True, "hits": {"hits": []}}, "It gave no whole answer."),
    ],
)
def test_a_strange_answer_is_said(answers: Answers, status: int, body: Any, sentence: str) -> None:
    assert said(answers(status, json.dumps(body).encode())) == {sentence}


@pytest.mark.parametrize(
    "body", [b"<html>Hello</html>", b"", b"[]", b"{}", b'{"id": 1, "hits": []}', b'{"id": "x"}']
)
def test_an_answer_of_another_shape_is_said(answers: Answers, body: bytes) -> None:
    for sentence in said(answers(200, body)):
        assert sentence.startswith("It answers what it should not: ")


def test_nobody_listens() -> None:
    assert said(f"http://elastic:{SECRET}@127.0.0.1:{free_port()}") == {"It cannot be reached."}


def test_it_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://elastic:{SECRET}@127.0.0.1:{listener.getsockname()[1]}"
        assert said(url) == {"It did not answer within 0.1 s."}


def test_the_credential_is_sent(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    original = BaseHTTPRequestHandler.parse_request

    def parse(self: Any) -> bool:
        fine = original(self)
        seen.append(self.headers.get("Authorization"))
        return fine

    monkeypatch.setattr(BaseHTTPRequestHandler, "parse_request", parse)
    said(answers(503, b"{}"))
    assert set(seen) == {"Basic ZWxhc3RpYzpodW50ZXIy"}
