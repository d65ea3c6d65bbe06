"""One instance in one process: gunicorn's application and worker, without its master.

``python -m extract.fleet.instance_process -c python:CONFIG MODULE:APPLICATION``, with
``EXTRACT_ROLE`` and ``EXTRACT_ADDRESS`` set; an address with port 0 becomes one with a free port.
A master would hold the port of a worker that was killed, so that requests wait there instead of
going elsewhere.
"""

from __future__ import annotations

import os
import socket
import sys

from gunicorn.app.wsgiapp import WSGIApplication

from extract.fleet.gunicorn_worker import InstanceWorker


class InstanceApplication(WSGIApplication):  # type: ignore[misc]
    """Takes its address, loads, warms up, listens, serves until it is told to stop."""

    def load_config(self) -> None:
        self.door = taken(os.environ["EXTRACT_ADDRESS"])
        host = os.environ["EXTRACT_ADDRESS"].rpartition(":")[0]
        os.environ["EXTRACT_ADDRESS"] = f"{host}:{self.door.getsockname()[1]}"
        super().load_config()

    def run(self) -> None:
        log = self.cfg.logger_class(self.cfg)
        worker = InstanceWorker(
            1, os.getppid(), [self.door], self, self.cfg.timeout / 2, self.cfg, log
        )
        worker.pid = os.getpid()
        log.info("Serving at %s (pid: %s)", os.environ["EXTRACT_ADDRESS"], worker.pid)
        worker.init_process()


def taken(address: str) -> socket.socket:
    """A socket that has ``host:port`` but does not listen yet: until then, connections are
    refused. Raises ``OSError``."""
    host, _, port = address.rpartition(":")
    found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    family, kind, protocol, _, where = found[0]
    door = socket.socket(family, kind, protocol)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        door.bind(where)
    except OSError:
        door.close()
        raise
    return door


if __name__ == "__main__":
    try:
        InstanceApplication(
            "%(prog)s [OPTIONS] APPLICATION", prog="extract.fleet.instance_process"
        ).run()
    except OSError as error:
        sys.exit(f"Cannot serve at {os.environ['EXTRACT_ADDRESS']}: {error.strerror}.")
