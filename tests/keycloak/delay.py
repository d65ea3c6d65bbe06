"""A way to a server that can be made slow: a proxy of TCP that holds back what it is sent."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from tests.ports import free_port


class SlowWay:
    """``url`` leads to the port; requests wait ``seconds`` on the way there, and are counted."""

    def __init__(self, to_port: int) -> None:
        self.seconds = 0.0
        self.requests = 0
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._to_port = to_port
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._over.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._to_port))
        except OSError:
            client.close()
            return
        back = threading.Thread(target=self._pass, args=(server, client, False), daemon=True)
        back.start()
        self._pass(client, server, True)

    def _pass(self, source: socket.socket, target: socket.socket, slowly: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self.requests += slowly and data.startswith((b"GET ", b"POST "))
                if slowly and self.seconds:
                    self._over.wait(self.seconds)
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
