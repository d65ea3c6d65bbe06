"""A real RabbitMQ of the tests' own: free ports of the loopback, a temporary folder, no plugins."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import kombu
from kombu.exceptions import OperationalError

from tests.ports import free_port

START_SECONDS = 60
STOP_SECONDS = 30
FLUSH = """
[catch rabbit_amqqueue:delete(Queue, false, false, <<"tests">>)
 || Queue <- rabbit_amqqueue:list(<<"/">>)].
"""


class RabbitServer:
    """Started when made; ``url`` stays the same over ``stop`` or ``kill`` and ``start``, and so
    do durable queues with the persistent messages in them."""

    def __init__(self, executable: Path) -> None:
        self._executable = executable
        self.directory = Path(tempfile.mkdtemp(prefix="shop-rabbit-"))
        self.port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._env = self._settle(free_port(), free_port())
        self._names: subprocess.Popen[bytes] | None = None
        self._node: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Takes seconds; nothing happens while it runs."""
        if self._node is not None:
            return
        # Erlang would leave a daemon behind that knows where nodes are: here it is a child.
        self._names = self._run("epmd")
        self._node = self._run(self._executable)
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._node.poll() is not None or time.monotonic() > until:
                self.kill()
                raise RuntimeError(f"RabbitMQ did not start:\n{self.said()[-3000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """As an operator does: it tells its clients, and writes down what it has."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """As a crash: connections break, what is not on the disk yet is lost."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def flush(self) -> None:
        """All queues are gone with what is in them, while it runs. Takes a second."""
        subprocess.run(
            [self._executable.with_name("rabbitmqctl"), "eval", FLUSH],
            env=self._env, check=True, capture_output=True, timeout=STOP_SECONDS,
        )  # fmt: skip

    def depth(self, queue: str) -> int:
        """How many messages wait in a queue, 0 if there is none; those that a consumer has and
        has not acknowledged are not counted."""
        with self.client() as client, client.channel() as channel:
            try:
                return int(channel.queue_declare(queue, passive=True).message_count)
            except client.channel_errors:
                return 0

    def client(self) -> kombu.Connection:
        """A client of its own, for a look behind the scenes."""
        return kombu.Connection(self.url, connect_timeout=2)

    def said(self) -> str:
        """Its log."""
        log = self.directory / "log"
        return log.read_text(errors="replace") if log.exists() else ""

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _settle(self, names_port: int, node_port: int) -> dict[str, str]:
        """The whole environment of its processes: nothing of the machine's RabbitMQ is read."""
        home = str(self.directory)
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": home,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(names_port),
            # Of every Erlang that is started; the brackets are Erlang's, for an address.
            "ERL_AFLAGS": "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1} +S 1:1",
            "RABBITMQ_NODENAME": f"shop-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(node_port),
            "RABBITMQ_MNESIA_BASE": home,
            "RABBITMQ_GENERATED_CONFIG_DIR": home,
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONF_ENV_FILE": f"{home}/none",
            "RABBITMQ_CONFIG_FILE": f"{home}/none",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{home}/none",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/none",
            # The script becomes the node then, rather than a shell that waits for it.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def _run(self, executable: str | Path) -> subprocess.Popen[bytes]:
        with (self.directory / "log").open("ab") as log:
            return subprocess.Popen(
                [executable], env=self._env, cwd=self.directory, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                client.ensure_connection(max_retries=1, interval_start=0)
                return True
        except OperationalError:
            return False

    def _end(self, by: signal.Signals) -> None:
        if self._node is None or self._names is None:
            return
        self._node.send_signal(by)
        try:
            self._node.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._node.kill()
            self._node.wait()
        self._names.kill()
        self._names.wait()
        self._node = self._names = None
