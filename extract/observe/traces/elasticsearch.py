"""Lines as Elasticsearch has them: dotted or nested, in the indices behind one alias."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import structlog

from extract.observe.traces.source import SourceAway

logger = structlog.get_logger(__name__)

CONNECT_SECONDS = 2.0
READ_SECONDS = 10.0
MOST_LINES = 10_000
"""Of one reading: more than a person looks at."""
PAGE = 1_000
MOST_TRACES = 50
KEPT_FOR = "30s"
"""For how long Elasticsearch keeps what a next page is read from."""


class Elasticsearch:
    """``url`` may hold ``user:password@``; ``index`` is the lines' alias, of which labels are one
    ``flattened`` field. Every method raises ``SourceAway``."""

    def __init__(self, url: str, *, index: str = "shop-logs") -> None:
        parts = urlsplit(url)
        self._url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
        self._index = index
        self._session = requests.Session()
        # Neither a proxy nor a password from the environment; a certificate authority, as OpenSSL
        # is told of one.
        self._session.trust_env = False
        self._session.verify = os.environ.get("SSL_CERT_FILE") or True
        if parts.username:
            self._session.auth = (unquote(parts.username), unquote(parts.password or ""))

    def lines(self, *, trace_ids: Collection[str]) -> list[dict[str, Any]]:
        """Every line of these traces, oldest first. Where there are more than ``MOST_LINES``, the
        last one says so."""
        found: list[dict[str, Any]] = []
        if not trace_ids:
            return found
        query = {"bool": {"filter": [{"terms": {"trace.id": sorted(trace_ids)}}]}}
        for hits in self._pages(query):
            found += [_dotted(hit["_source"]) for hit in hits]
            if len(found) > MOST_LINES:
                return [*found[:MOST_LINES], _cut(found[MOST_LINES])]
        return found

    def traces_naming(self, text: str) -> list[str]:
        """At most ``MOST_TRACES``."""
        fields = ("http.request.id", "trace.id", "labels")
        query = {
            "bool": {
                "filter": [
                    {"exists": {"field": "trace.id"}},
                    {"bool": {"should": [{"term": {field: text}} for field in fields]}},
                ]
            }
        }
        said = self._ask(
            "POST",
            f"/{self._index}/_search?allow_partial_search_results=false",
            {
                "query": query, "size": MOST_TRACES, "sort": [{"@timestamp": "desc"}],
                "collapse": {"field": "trace.id"}, "_source": False, "track_total_hits": False,
            },
        )  # fmt: skip
        return [hit["fields"]["trace.id"][0] for hit in self._hits(said)]

    def _pages(self, query: dict[str, Any]) -> Iterator[list[Any]]:
        """What is found, page by page, as it was when the first one was asked for."""
        opened = self._ask("POST", f"/{self._index}/_pit?keep_alive={KEPT_FOR}")
        search = {
            "query": query, "size": PAGE, "track_total_hits": False,
            "sort": [{"@timestamp": "asc"}, {"_shard_doc": "asc"}],
            "pit": {"id": opened.get("id"), "keep_alive": KEPT_FOR},
        }  # fmt: skip
        try:
            while True:
                said = self._ask("POST", "/_search?allow_partial_search_results=false", search)
                hits = self._hits(said)
                yield hits
                if len(hits) < PAGE:
                    return
                search["search_after"] = hits[-1]["sort"]
                search["pit"] = {"id": said.get("pit_id"), "keep_alive": KEPT_FOR}
        finally:
            self._ask("DELETE", "/_pit", {"id": search["pit"]["id"]})

    def _hits(self, said: dict[str, Any]) -> list[Any]:
        hits = said.get("hits", {})
        if said.get("timed_out") or not isinstance(found := hits.get("hits"), list):
            raise SourceAway(f"Elasticsearch at {self._url} gave no whole answer.")
        return found

    def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        where = f"Elasticsearch at {self._url}"
        try:
            answer = self._session.request(
                method, f"{self._url}{path}", json=body, allow_redirects=False,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
            )  # fmt: skip
            said = answer.json()
        except (requests.exceptions.ReadTimeout, requests.exceptions.ChunkedEncodingError) as error:
            raise SourceAway(f"{where} did not answer within {READ_SECONDS:g} s.") from error
        except requests.exceptions.JSONDecodeError as error:
            raise SourceAway(f"{where} answers {answer.status_code}, and no JSON.") from error
        except requests.RequestException as error:
            raise SourceAway(f"{where} cannot be reached.") from error
        if answer.status_code in (401, 403):
            raise SourceAway(f"{where} refuses the user of ELASTICSEARCH_URL.")
        if answer.status_code == 404:
            raise SourceAway(f"{where} has no index {self._index}; was it set up?")
        if not answer.ok or not isinstance(said, dict):
            logger.warning("Elasticsearch refused a search", status=answer.status_code, said=said)
            raise SourceAway(f"{where} answers {answer.status_code}; the log has what it said.")
        return said


def _dotted(source: dict[str, Any], before: str = "") -> dict[str, Any]:
    """The line with dotted names alone, whoever shipped it."""
    flat: dict[str, Any] = {}
    for key, value in source.items():
        name = f"{before}{key}"
        if isinstance(value, dict):
            flat |= _dotted(value, f"{name}.")
        else:
            flat[name] = value
    return flat


def _cut(next_line: dict[str, Any]) -> dict[str, Any]:
    kept = ("@timestamp", "trace.id", "http.request.id", "ecs.version")
    return {
        **{name: next_line[name] for name in kept if name in next_line},
        "event.dataset": "extract.log",
        "log.level": "warning",
        "message": f"There are more than {MOST_LINES:,} lines; the later ones are not shown.",
    }
