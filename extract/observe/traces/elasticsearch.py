"""Lines as Elasticsearch has them: dotted or nested, in the indices behind one alias."""

from __future__ import annotations

import os
from collections.abc import Collection, Generator
from contextlib import closing
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import msgspec
import requests
import structlog

from extract.observe.traces.source import MOST_LINES, MOST_TRACES, Line, SourceAway

logger = structlog.get_logger(__name__)

CONNECT_SECONDS = 2.0
READ_SECONDS = 10.0
PAGE = 1_000
CORRELATION = "http.request.id"
KEPT_FOR = "30s"
"""For how long Elasticsearch keeps what a next page is read from."""


Answer = TypeVar("Answer")


class _Pit(msgspec.Struct):
    """A point in time, which pages are read as of."""

    id: str


class _Hit(msgspec.Struct):
    source: dict[str, Any] = msgspec.field(name="_source", default_factory=dict)
    fields: dict[str, list[Any]] = {}
    sort: list[Any] = []


class _Hits(msgspec.Struct):
    hits: list[_Hit]


class _Found(msgspec.Struct):
    hits: _Hits
    timed_out: bool
    pit_id: str = ""


class Elasticsearch:
    """``url`` may hold ``user:password@``; ``index`` is the lines' alias, of which labels are one
    ``flattened`` field. Every method raises ``SourceAway``."""

    name = "elasticsearch"

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

    def naming(self, texts: Collection[str]) -> set[str]:
        fields = (CORRELATION, "trace.id", "user.id", "labels")
        named = [{"terms": {field: list(texts)}} for field in fields]
        query = {
            "bool": {"filter": [{"exists": {"field": CORRELATION}}, {"bool": {"should": named}}]}
        }
        found = self._search(
            f"/{self._index}/_search",
            {
                "query": query, "size": MOST_TRACES, "sort": [{"@timestamp": "desc"}],
                "collapse": {"field": CORRELATION}, "_source": False, "track_total_hits": False,
            },
        )  # fmt: skip
        return {str(id_) for hit in found.hits.hits for id_ in hit.fields.get(CORRELATION, ())}

    def lines(self, correlation_ids: Collection[str]) -> list[Line]:
        query = {"bool": {"filter": [{"terms": {CORRELATION: list(correlation_ids)}}]}}
        found: list[Line] = []
        with closing(self._pages(query)) as pages:
            for hits in pages:
                found += [_dotted(hit.source) for hit in hits]
                if len(found) >= MOST_LINES:
                    break
        return found

    def _pages(self, query: dict[str, Any]) -> Generator[list[_Hit]]:
        """What is found, the newest first, page by page, as it was when the first was asked for."""
        pit = self._ask("POST", f"/{self._index}/_pit?keep_alive={KEPT_FOR}", kind=_Pit).id
        search = {
            "query": query, "size": PAGE, "track_total_hits": False,
            "sort": [{"@timestamp": "desc"}, {"_shard_doc": "desc"}],
        }  # fmt: skip
        try:
            while True:
                search["pit"] = {"id": pit, "keep_alive": KEPT_FOR}
                found = self._search("/_search", search)
                yield found.hits.hits
                if len(found.hits.hits) < PAGE:
                    return
                search["search_after"] = found.hits.hits[-1].sort
                pit = found.pit_id
        finally:
            self._ask("DELETE", "/_pit", {"id": pit}, kind=dict)

    def _search(self, path: str, body: dict[str, Any]) -> _Found:
        found = self._ask("POST", f"{path}?allow_partial_search_results=false", body, kind=_Found)
        if found.timed_out:
            raise SourceAway(f"Elasticsearch at {self._url} gave no whole answer.")
        return found

    def _ask(self, method: str, path: str, body: Any = None, *, kind: type[Answer]) -> Answer:
        where = f"Elasticsearch at {self._url}"
        try:
            answer = self._session.request(
                method, f"{self._url}{path}", json=body, allow_redirects=False,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
            )  # fmt: skip
        except requests.exceptions.ReadTimeout as error:
            raise SourceAway(f"{where} did not answer within {READ_SECONDS:g} s.") from error
        except requests.RequestException as error:
            raise SourceAway(f"{where} cannot be reached.") from error
        if answer.status_code in (401, 403):
            raise SourceAway(f"{where} refuses the user of ELASTICSEARCH_URL.")
        if answer.status_code == 404:
            raise SourceAway(f"{where} has no index {self._index}; was it set up?")
        if answer.status_code != 200:
            status, said = answer.status_code, answer.text[:2000]
            logger.warning("Elasticsearch refused a search", code=status, error=said)
            raise SourceAway(f"{where} answers {status}; the log has what it said.")
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except msgspec.MsgspecError as error:
            raise SourceAway(f"{where} answers what it should not: {error}.") from error


def _dotted(source: Line, before: str = "") -> Line:
    """The line with dotted names alone, whoever shipped it."""
    flat: Line = {}
    for key, value in source.items():
        name = f"{before}{key}"
        if isinstance(value, dict):
            flat |= _dotted(value, f"{name}.")
        else:
            flat[name] = value
    return flat
