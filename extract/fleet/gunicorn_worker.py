"""gunicorn's threaded worker as an instance: it comes when it is ready and goes saying goodbye."""

from __future__ import annotations

import socket
import threading
import time
from types import FrameType

from extract.fleet.record import extra
from extract.fleet.warming import Readiness, warm
from extract.listener.buffering import BufferingWorker
from extract.registry.process import join, leave, watch

LINGER = 1.0
"""Seconds for which an instance that said goodbye goes on accepting: until all have heard it."""


class InstanceWorker(BufferingWorker):
    """SIGTERM: withdraw, linger, finish what is under way, end; again: without lingering.

    While it leaves, each answer closes its connection, so that peers open their next one
    elsewhere whether or not they heard the goodbye.
    """

    _joined = _leaving = False

    def load_wsgi(self) -> None:
        super().load_wsgi()
        warm(self.wsgi)
        for door in self.sockets:
            door.listen(self.cfg.backlog)
            door.setblocking(False)

    def run(self) -> None:
        if not self._leaving:
            view, is_healthy = watch(), Readiness(self.wsgi)
            # Whoever knows no others yet would refuse calls that need them.
            join(ready=lambda: view.settle(0) and is_healthy(), describe_extra=extra)
            self._joined = True
        super().run()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._leaving:
            super().handle_exit(sig, frame)
        else:
            self._leaving = True
            # In the loop, not in a signal's handler: there a lock may be held already.
            self.method_queue.defer(self._leave)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        leave()
        super().handle_quit(sig, frame)

    def is_parent_alive(self) -> bool:
        """Who started an instance may go: it is nobody's worker."""
        return True

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive:
            for door in self.sockets:
                self._shut(door)

    def _leave(self) -> None:
        self.max_keepalived = 0
        if self._joined:
            threading.Thread(target=self._say_goodbye, name="leaving", daemon=True).start()
        else:
            super().handle_exit(0, None)

    def _say_goodbye(self) -> None:
        leave()
        time.sleep(LINGER)
        super().handle_exit(0, None)

    def _shut(self, door: socket.socket) -> None:
        """Take in those who wait at the door, then be gone: who comes now must be refused at
        once, not wait for an end."""
        while self.accept(door):
            pass
        door.close()
