"""A plain nginx in front of servers that do not change: what a gateway is compared with."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests import components
from tests.ports import free_port

_CONF = """
daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log {directory}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  {upstreams}
  server {{ listen 127.0.0.1:{port}; {locations} }}
}}
"""


def plain_gateway(stack: ExitStack, directory: Path, paths: Mapping[str, Sequence[int]]) -> str:
    """Serve each prefix from the servers at those ports until ``stack`` ends: the base URL."""
    port, upstreams, locations = free_port(), [], []
    for number, (prefix, ports) in enumerate(paths.items()):
        servers = "".join(f"server 127.0.0.1:{each}; " for each in ports)
        upstreams.append(f"upstream pool{number} {{ {servers} keepalive 32; }}")
        locations.append(
            f"location {prefix} {{ proxy_pass http://pool{number}; proxy_http_version 1.1; "
            'proxy_set_header Connection ""; proxy_set_header Host $host; }'
        )
    conf = directory / "nginx.conf"
    conf.write_text(
        _CONF.format(
            directory=directory,
            port=port,
            upstreams="\n".join(upstreams),
            locations="\n".join(locations),
        )
    )
    nginx = components.needed("nginx", components.nginx())
    process = subprocess.Popen([nginx, "-c", conf, "-p", directory])
    stack.callback(process.wait)
    stack.callback(process.terminate)
    _wait(f"http://127.0.0.1:{port}/health/live/")
    return f"http://127.0.0.1:{port}"


def _wait(url: str) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < until, f"{url} does not answer"
            time.sleep(0.05)
