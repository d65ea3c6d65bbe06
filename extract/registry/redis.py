"""The registry on Redis: leases on its clock, changes over its pub/sub."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.client import PubSub
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError
from redis.retry import Retry

from extract.registry import scripts
from extract.registry.instance import Signed
from extract.registry.lease import DOUBT, FORGOTTEN, LEASE, REMEMBERED
from extract.registry.registry import Record, RegistryDown, Snapshot, Withdrawn, doubted

logger = structlog.get_logger(__name__)

WRONG_TYPE = "WRONGTYPE"
PATIENCE = 0.5
"""Seconds that Redis may take to connect or to answer."""


class RedisRegistry:
    """Keys begin with ``{cluster}:``. ``lease`` and ``remembered`` in seconds.

    Threads may share one, but for ``look`` and ``wait``, which belong to one of them: what was
    looked at is remembered. After a fork the child opens connections of its own.
    """

    def __init__(
        self,
        url: str,
        cluster: str = "shop",
        *,
        lease: float = LEASE,
        remembered: float = REMEMBERED,
    ) -> None:
        self._lease = round(lease * 1e6)
        self._remembered = round(remembered * 1e6)
        self._keys = [f"{{{cluster}}}:{name}" for name in scripts.NAMES]
        # One retry, at once: a kept connection may be from before a restart of Redis.
        self._redis: Redis = Redis.from_url(
            url,
            decode_responses=True,
            encoding_errors="replace",
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            health_check_interval=10,
            retry=Retry(NoBackoff(), 1, supported_errors=(Disconnected,)),
        )
        self._announce = self._redis.register_script(scripts.ANNOUNCE)
        self._withdraw = self._redis.register_script(scripts.WITHDRAW)
        self._set_drained = self._redis.register_script(scripts.SET_DRAINED)
        self._doubt = self._redis.register_script(scripts.DOUBT)
        self._look = self._redis.register_script(scripts.LOOK)
        self._version = ""
        self._records: dict[str, Signed] = {}
        self._subscription: PubSub | None = None
        self._process = os.getpid()

    def announce(self, id: str, signed: Signed) -> None:
        record = msgspec.json.encode(signed).decode()
        forgotten = round(FORGOTTEN * 1e6)
        with self._answering():
            taken = self._announce(self._keys, [id, record, self._lease, forgotten])
        if not taken:
            raise Withdrawn(f"The instance {id} withdrew; a process that comes back needs a new id")

    def withdraw(self, id: str) -> None:
        with self._answering():
            self._withdraw(self._keys, [id, self._remembered])

    def drained(self) -> frozenset[str] | None:
        with self._answering():
            return _told(self._redis.smembers(self._keys[3]))

    def set_drained(self, ids: Iterable[str]) -> None:
        with self._answering():
            self._set_drained(self._keys, ["", *sorted(set(ids))])

    def doubt(self, looker: str, ids: Iterable[str]) -> None:
        doubts = [f"{id} {looker}" for id in ids]
        with self._answering():
            self._doubt(self._keys, [round(DOUBT * 1e6), *doubts])

    def look(self) -> Snapshot:
        with self._answering():
            answer: Any = self._look(self._keys, [self._version])
        self._version, lapsed, withdrawn, drained, doubts, records = answer
        if records is not None:
            pairs = zip(records[::2], records[1::2], strict=True)
            self._records = {id: Signed.read(text) for id, text in pairs}
        out = frozenset(lapsed)
        return Snapshot(
            records=tuple(Record(id, signed, id in out) for id, signed in self._records.items()),
            withdrawn=frozenset(withdrawn),
            drained=_told(drained),
            doubted=doubted(tuple(doubt.partition(" ")[::2]) for doubt in doubts),
        )

    def wait(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        with self._answering():
            try:
                if self._subscription is None or self._process != os.getpid():
                    self._subscription = self._subscribed()
                    # What was published before is not sent again.
                    if (self._redis.get(self._keys[4]) or "0") != self._version:
                        return True
                while (left := until - time.monotonic()) > 0:
                    message = self._subscription.get_message(True, timeout=left)
                    if message is not None and message["data"] > self._version:
                        return True
            except RedisError:
                self._subscription = None
                raise
        return False

    def close(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.close()
        self._redis.close()

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except (RedisError, OSError) as error:
            if str(error).startswith(WRONG_TYPE):
                self._empty()
            raise RegistryDown(
                f"Redis, which holds the registry, does not answer: {error}"
            ) from error

    def _empty(self) -> None:
        """Drop keys that somebody has made something else of: all of it is announced again."""
        logger.warning("registry.emptied", reason="its keys in Redis held something else")
        with suppress(RedisError, OSError):
            self._redis.delete(*self._keys)

    def _subscribed(self) -> PubSub:
        self._process = os.getpid()
        subscription: PubSub = self._redis.pubsub()  # type: ignore[no-untyped-call]
        subscription.subscribe(self._keys[5])
        subscription.get_message(timeout=PATIENCE)
        return subscription


def _told(drained: Any) -> frozenset[str] | None:
    return frozenset(drained) - {""} if drained else None
