"""Tells Elasticsearch and Kibana what they have to know of the shop's lines; again, it changes
nothing.

``set_up.py elasticsearch URL``  how lines are kept, and for how long
``set_up.py kibana URL``         the data views, searches and the dashboard

The standard library is all it needs.
"""

from __future__ import annotations

import base64
import json
import sys
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

FOLDER = Path(__file__).parent
ALIASES = ("shop-logs", "shop-unparsed")
"""What is written to; each stands for a row of indices, of which the last one is written."""
POLICY = "shop-logs"
PATIENCE = 180.0
"""Seconds for which a server that starts may be away."""


def set_up_elasticsearch(url: str) -> None:
    elasticsearch = Server(url)
    elasticsearch.wait("/_cluster/health?wait_for_status=yellow&timeout=60s")
    has_lifecycles = _put_lifecycle(elasticsearch)
    for alias in ALIASES:
        if has_lifecycles:
            index = {"lifecycle.name": POLICY, "lifecycle.rollover_alias": alias}
            component = {"template": {"settings": {"index": index}}}
            elasticsearch.ask("PUT", f"/_component_template/{alias}-lifecycle", component)
        template = json.loads((FOLDER / "elasticsearch" / f"{alias}.json").read_text())
        elasticsearch.ask("PUT", f"/_index_template/{alias}", template)
        if not elasticsearch.has(f"/_alias/{alias}"):
            first = {"aliases": {alias: {"is_write_index": True}}}
            elasticsearch.ask("PUT", f"/{alias}-000001", first)


def _put_lifecycle(elasticsearch: Server) -> bool:
    """Whether there is such a thing: builds without Elastic's own parts have none."""
    policy = json.loads((FOLDER / "elasticsearch" / "lifecycle.json").read_text())
    try:
        elasticsearch.ask("PUT", f"/_ilm/policy/{POLICY}", policy)
    except HTTPError as error:
        said = error.read().decode()
        if "no handler found" not in said:
            sys.exit(f"Elasticsearch refused the lifecycle: {error.code} {said}")
        print("This Elasticsearch knows no lifecycles: lines are kept until you delete them.")
        return False
    return True


def set_up_kibana(url: str) -> None:
    kibana = Server(url, **{"kbn-xsrf": "shop"})
    kibana.wait("/api/status")
    objects = (FOLDER / "kibana" / "shop.ndjson").read_bytes()
    said = kibana.send_file("/api/saved_objects/_import?overwrite=true", "shop.ndjson", objects)
    if not said["success"]:
        sys.exit(f"Kibana did not take the objects: {json.dumps(said['errors'])}")


class Server:
    """Reached at a URL, which may hold ``user:password@``; what it refuses is an ``HTTPError``."""

    def __init__(self, url: str, **headers: str) -> None:
        parts = urlsplit(url)
        self._url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
        self._headers = headers
        if parts.username:
            told = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(told.encode()).decode()}"

    def wait(self, path: str) -> None:
        """Until it is there and ready."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.ask("GET", path)
                return
            except (OSError, ValueError) as error:
                is_refused = isinstance(error, HTTPError) and error.code < 500
                if is_refused or time.monotonic() > until:
                    raise
            time.sleep(0.5)

    def has(self, path: str) -> bool:
        try:
            self.ask("GET", path)
        except HTTPError as error:
            if error.code != 404:
                raise
            return False
        return True

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        return self._send(method, path, content, "application/json")

    def send_file(self, path: str, name: str, content: bytes) -> Any:
        boundary = uuid.uuid4().hex
        disposition = f'form-data; name="file"; filename="{name}"'
        head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n\r\n"
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        return self._send("POST", path, body, f"multipart/form-data; boundary={boundary}")

    def _send(self, method: str, path: str, body: bytes | None, kind: str) -> Any:
        headers = {**self._headers, "Content-Type": kind}
        request = Request(self._url + path, data=body, headers=headers, method=method)
        with urlopen(request, timeout=90) as answer:
            return json.loads(answer.read() or b"null")


def main(words: list[str]) -> None:
    match words:
        case ["elasticsearch", url]:
            set_up = set_up_elasticsearch
        case ["kibana", url]:
            set_up = set_up_kibana
        case _:
            sys.exit(__doc__)
    try:
        set_up(url)
    except HTTPError as error:
        sys.exit(f"{words[0]} refused {error.url}: {error.code} {error.read()[:1000].decode()}")
    except (OSError, ValueError) as error:
        sys.exit(f"{words[0]} does not answer: {error}")
    print(f"{words[0]} is set up.")


if __name__ == "__main__":
    main(sys.argv[1:])
