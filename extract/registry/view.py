"""The instances as this process knows them: kept current in the background, read in microseconds.

Losing the registry loses nothing of it. A new address must prove itself before it is shown, and
an instance whose lease lapsed is asked whether it is there still.
"""

from __future__ import annotations

import functools
import os
import threading
import time
import weakref
from collections.abc import Callable, Collection

import structlog

from extract.registry.confirm import NotConfirmed, NotThere, ask
from extract.registry.instance import Instance, Kind
from extract.registry.known import Known
from extract.registry.lease import SILENT_FOR
from extract.registry.membership import Membership
from extract.registry.opening import Opening
from extract.registry.placement import choose
from extract.registry.registry import Registry, Snapshot
from extract.registry.silence import Silence
from extract.registry.watching import Watching
from extract.trust import Trust

logger = structlog.get_logger(__name__)

Compatible = Callable[[Instance], bool]


class _Shown:
    """One state of the view; what was chosen from it is kept with it."""

    __slots__ = ("chosen", "known", "version")

    def __init__(self, known: tuple[Known, ...], version: int) -> None:
        self.known = known
        self.version = version
        self.chosen: dict[tuple[str, Compatible | None, Kind], tuple[Instance, ...]] = {}


class View:
    """``come_home`` are the apps that home may serve instead (None: every app).

    ``confirm`` raises ``NotConfirmed`` unless the process at an instance's address proves to be
    it. ``silent_for``: seconds, as in ``Silence``. The registry must be the view's own.
    Thread-safe; after a fork the child's copy begins with what was known, and watches by threads
    of its own from its first use.
    """

    def __init__(
        self,
        registry: Registry,
        trust: Trust,
        *,
        confirm: Callable[[Instance], object] | None = None,
        come_home: Collection[str] | None = None,
        silent_for: float = SILENT_FOR,
    ) -> None:
        self._registry = registry
        self._confirm = confirm or functools.partial(ask, trust)
        self._come_home = come_home
        self._opening = Opening(trust)
        self._membership = Membership()
        self._silence = Silence(trust.name, silent_for=silent_for)
        self._shown = _Shown((), 0)
        self._subscribers: tuple[Callable[[], None], ...] = ()
        self._unconfirmed: set[str] = set()
        self._lock = threading.Lock()
        self._watching: Watching | None = None
        self._forked = False
        _views.add(self)

    def start(self) -> None:
        """Watch the registry from now on."""
        with self._lock:
            if self._watching is None:
                self._watching = Watching(self._registry, self._confirm, self)
                self._watching.start()

    def stop(self) -> None:
        """Watch no longer; what was known can still be read."""
        with self._lock:
            watching, self._watching = self._watching, None
        if watching is not None:
            watching.stop()

    def settle(self, seconds: float) -> bool:
        """Wait until the registry was looked at and everyone listed was asked: whether so."""
        until = time.monotonic() + seconds
        while not (settled := self._is_settled()) and time.monotonic() < until:
            time.sleep(0.005)
        return settled

    def known(self) -> tuple[Known, ...]:
        """Every proven instance, also those that are gone, by role and id."""
        return self._current().known

    def serving(
        self, app: str, compatible: Compatible | None = None, *, kind: Kind = Kind.SERVER
    ) -> tuple[Instance, ...]:
        """The instances that may serve ``app``, or work for it, by the one rule of placement.

        What ``compatible`` said is kept until something changes: pass the same object for the
        same question, and call ``reconsider`` when it would answer otherwise.
        """
        shown = self._current()
        chosen = shown.chosen.get((app, compatible, kind))
        if chosen is None:
            chosen = shown.chosen[app, compatible, kind] = choose(
                app,
                shown.known,
                kind=kind,
                may_come_home=self.may_come_home(app),
                compatible=compatible or _any,
            )
        return chosen

    def may_come_home(self, app: str) -> bool:
        """Whether home may serve the app, or work for it, while nobody else does."""
        return self._come_home is None or app in self._come_home

    @property
    def version(self) -> int:
        """Greater after each change of what is known."""
        return self._current().version

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have ``callback`` called after each change, in whichever thread; returns the way out."""
        with self._lock:
            self._subscribers = (*self._subscribers, callback)

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers = tuple(s for s in self._subscribers if s is not callback)

        return unsubscribe

    def refused(self, id: str) -> None:
        """A connection to the instance was refused, or somebody else answers at its address."""
        self._change(lambda: self._membership.mark(id, refused=True))

    def answered(self, id: str) -> None:
        """The instance answered. Costs next to nothing where that is no news."""
        if (known := self._membership.known.get(id)) is not None and known.refused:
            self._change(lambda: self._membership.mark(id, refused=False))

    def reconsider(self) -> None:
        """Forget what every ``compatible`` said."""
        with self._lock:
            self._shown = _Shown(self._shown.known, self._shown.version)

    # What the watching tells

    def looked(self, snapshot: Snapshot, steady: float) -> list[Instance]:
        """Take over a look at the registry, which has answered every one for ``steady`` seconds;
        who is to be asked."""
        listed = self._opening.listed(snapshot)

        def look() -> bool:
            gone = self._silence.gone(snapshot.doubted)
            changed = self._membership.look(listed, snapshot.withdrawn, snapshot.drained, gone)
            self._silence.looked(self._membership.lapsed(), steady)
            return changed

        self._change(look)
        return self._to_ask()

    def doubted(self) -> tuple[str, frozenset[str]]:
        """What the registry is to be told: this process's name, and whom it finds silent."""
        with self._lock:
            return self._silence.looker, self._silence.doubted()

    def lost(self) -> list[Instance]:
        """The registry has been away for longer than a lease; who is to be asked."""
        self._change(self._membership.expire)
        return self._to_ask()

    def heard(self, instance: Instance, failed: NotConfirmed | None) -> None:
        """An instance was asked for proof."""
        with self._lock:
            is_answer = failed is None or isinstance(failed, NotThere)
            self._silence.asked(instance.id, answered=is_answer)
        if failed is None:
            self._unconfirmed.discard(instance.id)
            self._change(lambda: self._membership.proven(instance))
            return
        if isinstance(failed, NotThere):
            self._change(lambda: self._membership.not_there(instance.id))
        if instance.id not in self._unconfirmed:
            self._unconfirmed.add(instance.id)
            logger.warning("registry.unconfirmed", instance=instance.name, reason=str(failed))

    def _to_ask(self) -> list[Instance]:
        with self._lock:
            return self._membership.to_ask()

    def _change(self, change: Callable[[], bool]) -> None:
        with self._lock:
            if not change():
                return
            known = sorted(self._membership.known.values(), key=lambda each: each.instance.name)
            self._shown = _Shown(tuple(known), self._shown.version + 1)
            subscribers = self._subscribers
        for subscriber in subscribers:
            try:
                subscriber()
            except Exception:
                logger.exception("registry.subscriber_failed", subscriber=repr(subscriber))

    def _current(self) -> _Shown:
        if self._forked:
            self._forked = False
            self.start()
        return self._shown

    def _is_settled(self) -> bool:
        self._current()
        watching = self._watching
        return watching is not None and watching.settled()

    def _after_fork(self) -> None:
        self._forked = self._forked or self._watching is not None
        self._watching = None
        self._lock = threading.Lock()


def _any(instance: Instance) -> bool:
    return True


_views: weakref.WeakSet[View] = weakref.WeakSet()


def _after_fork() -> None:
    # The threads that watched did not come along, and one of them may have held the lock.
    for view in list(_views):
        view._after_fork()


os.register_at_fork(after_in_child=_after_fork)
