"""The gateway against plain nginx with ``proxy_pass``, in front of the same upstream.

The upstream is another nginx that answers from memory. Both proxies have one worker and get the
same requests over the same number of kept connections, in turn. CPU is what the kernel counts for
that worker; what it could do alone on a core is the inverse, so 0.9 of plain nginx is a ratio of
1.11. Requests per second are of the machine as it is, client and upstream included.
"""

from __future__ import annotations

import selectors
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests import components
from tests.bench.measure import Figure
from tests.nginx_server import Nginx, peer
from tests.ports import free_port

SESSIONS = 1000
CONNECTIONS = 32
ROUNDS = 9
SECONDS = 1.0
BODY = "x" * 2048
TOKEN = "t" * 640
"""As long as a token is."""

_PLAIN = """
daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log {directory}/error.log;
{user}
events {{ worker_connections 2048; }}
http {{
  access_log off; keepalive_requests 100000000;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  {content}
}}
"""
_ANSWERING = """
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{body}"; }}
    location = /count {{ stub_status; }}
    location = /identity/ {{ add_header X-Identity {token}; return 204; }} }}
"""
_PROXYING = """
  upstream instances {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 100000000; }}
  proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Connection "";
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://instances; }} }}
"""


@dataclass(frozen=True)
class Proxy:
    port: int
    worker: int


@dataclass(frozen=True)
class Round:
    """One second of load: CPU in microseconds a request, and requests a second."""

    cpu: float
    rate: float
    requests: int


def run() -> list[Figure]:
    if components.nginx() is None:
        return []
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gw-")))
        upstream = _nginx(stack, directory / "upstream", _ANSWERING, body=BODY, token=TOKEN)
        identity = _nginx(stack, directory / "identity", _ANSWERING, body="", token=TOKEN)
        plain = _nginx(stack, directory / "plain", _PROXYING, upstream=upstream.port)
        nginx = stack.enter_context(Nginx(directory / "gateway", workers=1))
        gateway = Proxy(nginx.port, nginx.worker_pids[0])
        nginx.push(
            {
                "product": [peer(upstream.port)],
                "identity": [peer(identity.port, role="identity")],
            },
            passes={"product": "p" * 64, "identity": "i" * 64},
        )
        return [
            *_compared("1,000 sessions", _requests(signed_in=True), gateway, plain, identity),
            *_compared("no session", _requests(signed_in=False), gateway, plain, identity),
        ]


def _compared(
    name: str, requests: list[bytes], gateway: Proxy, plain: Proxy, identity: Proxy
) -> list[Figure]:
    for proxy in (gateway, plain):
        _load(proxy, requests)
    pairs: list[tuple[Round, Round]] = []
    asked = hits = 0
    for number in range(ROUNDS):
        order = (gateway, plain) if number % 2 == 0 else (plain, gateway)
        before = _count(identity)
        seen = {proxy.port: _load(proxy, requests) for proxy in order}
        ours = seen[gateway.port]
        # One request of our own counts, too.
        asked, hits = asked + ours.requests, hits + ours.requests - (_count(identity) - before - 1)
        pairs.append((ours, seen[plain.port]))
    n = sum(ours.requests for ours, _ in pairs)
    kept = f"; identity cache: {hits / asked:.1%} hits" if name != "no session" else ""
    return [
        _figure(f"gateway, {name}, CPU a request", "µs", n, [(a.cpu, b.cpu) for a, b in pairs],
                "goal ≤ 1.11 (0.9 of its capacity)" + kept),
        _figure(f"gateway, {name}, throughput", "req/s", n, [(a.rate, b.rate) for a, b in pairs],
                "goal ≥ 0.9"),
    ]  # fmt: skip


def _figure(name: str, unit: str, n: int, pairs: list[tuple[float, float]], note: str) -> Figure:
    ratios = [ours / plain for ours, plain in pairs]
    return Figure(
        name=name,
        value=statistics.median(ours for ours, _ in pairs),
        unit=unit,
        n=n,
        against="plain nginx proxy_pass",
        baseline=statistics.median(plain for _, plain in pairs),
        ratio=statistics.median(ratios),
        spread=(min(ratios), max(ratios)),
        note=note,
    )


def _requests(*, signed_in: bool) -> list[bytes]:
    def one(number: int) -> bytes:
        session = f"sessionid={number:032x}; " if signed_in else ""
        return (
            f"GET /products/?page={number % 9} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101\r\n"
            f"Accept: text/html,application/xhtml+xml\r\nAccept-Language: en-GB\r\n"
            f"Cookie: csrftoken={'c' * 32}; {session}cart=0b6b7f3e-1c53-4a53-9d0c-6a8b3f\r\n\r\n"
        ).encode()

    return [one(number) for number in range(SESSIONS)]


def _load(proxy: Proxy, requests: list[bytes]) -> Round:
    """``SECONDS`` of closed-loop load over ``CONNECTIONS`` kept connections."""
    with selectors.DefaultSelector() as selector, ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", proxy.port)))
            for _ in range(CONNECTIONS)
        ]
        done, length = 0, len(requests)
        for connection in connections:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection, selectors.EVENT_READ)
        cpu, started = _cpu(proxy.worker), time.perf_counter()
        for connection in connections:
            connection.sendall(requests[done % length])
            done += 1
        ends, answered = started + SECONDS, 0
        left = dict.fromkeys(connections, 0)
        while (now := time.perf_counter()) < ends:
            for key, _ in selector.select(ends - now):
                connection = key.fileobj  # type: ignore[assignment]
                got = connection.recv(65536)
                if not left[connection]:
                    assert got.startswith(b"HTTP/1.1 200"), got[:200]
                    head = got.index(b"\r\n\r\n") + 4
                    left[connection] = head + len(BODY)
                left[connection] -= len(got)
                if left[connection] == 0:
                    answered += 1
                    connection.sendall(requests[done % length])
                    done += 1
        took = time.perf_counter() - started
        spent = _cpu(proxy.worker) - cpu
    return Round(cpu=spent / answered * 1e6, rate=answered / took, requests=answered)


def _cpu(pid: int) -> float:
    """Seconds that the process has run, by the scheduler's own count."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _count(proxy: Proxy) -> int:
    """All requests that this nginx has got so far, this one included."""
    with urllib.request.urlopen(f"http://127.0.0.1:{proxy.port}/count") as answer:
        return int(answer.read().split(b"\n")[2].split()[2])


def _nginx(stack: ExitStack, directory: Path, content: str, **values: object) -> Proxy:
    directory.mkdir()
    port, conf = free_port(), directory / "nginx.conf"
    conf.write_text(
        _PLAIN.format(directory=directory, user="", content=content.format(port=port, **values))
    )
    process = subprocess.Popen([str(components.nginx()), "-c", conf, "-p", directory])
    stack.callback(process.wait)
    stack.callback(process.terminate)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until = time.monotonic() + 10
    while not (found := children.read_text().split()):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"{conf} does not start; nginx has said why.")
        time.sleep(0.01)
    return Proxy(port, int(found[0]))
