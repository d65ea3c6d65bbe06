"""Who is at an address: only the instance itself can prove to be it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.signals import request_finished, request_started

from extract.registry import Instance, confirm, load
from extract.registry.confirm import NotConfirmed, NotThere, ask
from extract.trust import InternalEntry
from tests.ports import free_port
from tests.registry.scene import instance, trust_of


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None: ...


@contextmanager
def listening(server: socketserver.BaseServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        host, port = server.server_address[:2]
        yield f"{host}:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Serve an application, by default that of the instance product/one; its address."""
    product = trust_of("product", "one")
    monkeypatch.setattr(confirm, "own_trust", lambda: product)
    entry = InternalEntry(None, trust=lambda: product)
    with ExitStack() as stack:

        def serve(application: Any = entry) -> str:
            server = make_server("127.0.0.1", 0, application, handler_class=_Quiet)
            return stack.enter_context(listening(server))

        yield serve


def one(address: str) -> Instance:
    return instance("one", address=address)


def test_the_instance_proves_itself(served: Callable[..., str]) -> None:
    address = served()
    for asking in (trust_of("home"), trust_of("payment"), trust_of("product", "two")):
        about = ask(asking, one(address))
        assert (about.id, about.role, about.load) == ("one", "product", 0)


def test_it_says_how_busy_it_is(
    served: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = served()
    load.count()
    try:
        for expected in (1, 2):
            request_started.send(sender=None, environ={})
            assert ask(trust_of(), one(address)).load == expected
        for _ in range(2):
            request_finished.send(sender=None)
        assert ask(trust_of(), one(address)).load == 0
    finally:
        request_started.disconnect(load._start)
        request_finished.disconnect(load._finish)


@pytest.mark.parametrize("other", [("two", "product"), ("one", "payment"), ("one", "home")])
def test_another_instance_is_not_it(served: Callable[..., str], other: tuple[str, str]) -> None:
    with pytest.raises(NotThere, match="not as"):
        ask(trust_of(), instance(other[0], other[1], address=served()))


def test_a_liar_without_the_roles_key_is_not_it(served: Callable[..., str]) -> None:
    def lies(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [(confirm.ANSWER, "0" * 64)])
        return [b'{"id":"one","role":"product","load":0}']

    with pytest.raises(NotThere, match="not as"):
        ask(trust_of(), one(served(lies)))


def test_an_answer_kept_from_before_proves_nothing(served: Callable[..., str]) -> None:
    kept: list[tuple[str, bytes]] = []
    own = InternalEntry(None, trust=lambda: trust_of("product", "one"))

    def keeps(environ: Any, start_response: Any) -> Any:
        if kept:
            start_response("200 OK", [(confirm.ANSWER, kept[0][0])])
            return [kept[0][1]]

        def keep(status: str, headers: list[tuple[str, str]]) -> None:
            kept.append((dict(headers)[confirm.ANSWER], b""))
            start_response(status, headers)

        answered = own(environ, keep)
        kept[0] = (kept[0][0], b"".join(answered))
        return [kept[0][1]]

    address = served(keeps)
    ask(trust_of(), one(address))
    with pytest.raises(NotThere):
        ask(trust_of(), one(address))


def test_nobody_is_there() -> None:
    with pytest.raises(NotThere, match="nobody listens"):
        ask(trust_of(), one(f"127.0.0.1:{free_port()}"))


def test_silence_and_failure_are_no_absence(served: Callable[..., str]) -> None:
    def fails(environ: Any, start_response: Any) -> list[bytes]:
        start_response("503 Service Unavailable", [])
        return []

    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as silent:
        host, port = silent.server_address
        for address in (f"{host!s}:{port}", served(fails)):
            with pytest.raises(NotConfirmed) as caught:
                ask(trust_of(), one(address), seconds=0.2)
            assert not isinstance(caught.value, NotThere)


@pytest.mark.parametrize(
    "address",
    ["", "host", "host:", ":80", "host:0", "host:65536", "host:８０", "host:-1", "a b:80"],
)
def test_what_is_no_address_is_not_asked(address: str) -> None:
    with pytest.raises(NotConfirmed):
        ask(trust_of(), one(address))
