"""What the clients saw: every request, what came of it, and when it was due."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from http.client import HTTPException

import msgspec

from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Answer


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One request. ``at`` in seconds since the load began; ``status`` 0 when no answer came."""

    at: float
    seconds: float
    method: str
    path: str
    key: str
    status: int
    said: str
    served_by: str

    @property
    def failed(self) -> bool:
        """No answer, a server's failure, or a refusal: the load asks only for what exists."""
        return not 200 <= self.status < 400


class Log:
    """All entries of all clients, and the orders that they were told are paid. Thread-safe."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.entries: list[Entry] = []
        self.orders: dict[str, str] = {}
        self.unanswered: set[str] = set()
        """Keys whose checkout failed also when it was repeated."""
        self.late: list[float] = []
        """By how many seconds a visit began later than it was due."""
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        with self._lock:
            self.entries.append(entry)

    def failures(self, *, method: str = "", keyed: bool | None = None) -> list[Entry]:
        """Those that failed, of one method, with or without an Idempotency-Key."""
        return [
            entry
            for entry in self.entries
            if entry.failed
            and method in ("", entry.method)
            and (keyed is None or bool(entry.key) == keyed)
        ]

    def served_by(self) -> Counter[str]:
        """Answers by process."""
        return Counter(entry.served_by for entry in self.entries if entry.served_by)

    def percentile(self, percent: float, *, path: str = "", method: str = "") -> float:
        """Seconds, of the requests below ``path``."""
        taken = sorted(
            entry.seconds
            for entry in self.entries
            if entry.path.startswith(path) and method in ("", entry.method)
        )
        return taken[min(len(taken) - 1, int(len(taken) * percent / 100))] if taken else 0.0


class LoggedTransport:
    """One visitor's connection; every request is written down."""

    def __init__(self, base_url: str, log: Log, *, timeout: float = 40.0) -> None:
        self._transport = HttpTransport(base_url, timeout=timeout)
        self._log = log
        self.origin = base_url

    def send(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        started = time.monotonic()
        status, said, served_by = 0, "", ""
        try:
            answer = self._transport.send(method, path, headers=headers, body=body)
            status = answer.status
            served_by = answer.headers.get("x-served-by", "")
            said = "" if status < 400 else answer.body[:300].decode(errors="replace")
            return answer
        except (OSError, HTTPException) as error:
            said = f"{type(error).__name__}: {error}"
            raise
        finally:
            self._log.add(
                Entry(
                    at=started - self._log.began,
                    seconds=time.monotonic() - started,
                    method=method,
                    path=path,
                    key=headers.get("Idempotency-Key", ""),
                    status=status,
                    said=said,
                    served_by=served_by,
                )
            )

    def close(self) -> None:
        self._transport.close()
