"""Which instances have a contract that this process's own goes together with.

Equal fingerprints do. Of another fingerprint the description is asked for once, in the
background, and compared; until then it is unknown whether the two go together.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable

import msgspec
import structlog

from extract.call.compatible import Description, incompatibilities
from extract.call.contract import Contract, describe, fingerprint
from extract.registry import Instance

logger = structlog.get_logger(__name__)

ASK_AGAIN = 1.0
"""Seconds after which one that did not describe its contract is asked again."""

Ask = Callable[[Instance, str], bytes]
"""Fetch how an instance describes the contract of an app, as JSON; raises ``NotDescribed``."""

_own: dict[type[Contract], tuple[Description, str]] = {}
_others: dict[tuple[str, str], Description] = {}
"""What other processes' contracts look like, by app and fingerprint."""


class NotDescribed(Exception):
    """An instance did not say what its contract looks like."""


class Versions:
    """``learnt`` is called, in any thread, when more is known than before. Thread-safe."""

    def __init__(self, ask: Ask, learnt: Callable[[], object]) -> None:
        self._ask = ask
        self._learnt = learnt
        self._changes: dict[tuple[type[Contract], str], tuple[str, ...]] = {}
        self._permits: dict[type[Contract], Callable[[Instance], bool]] = {}
        self._asked_at: dict[tuple[str, str], float] = {}
        self._under_way: set[tuple[str, str]] = set()
        self._told = threading.Condition()

    def changes(self, contract: type[Contract], instance: Instance) -> tuple[str, ...] | None:
        """What keeps this process from calling the instance: () if nothing does, None if that
        is not known (yet)."""
        theirs = instance.contracts.get(contract.app, "")
        if theirs == own_fingerprint(contract):
            return ()
        changes = self._changes.get((contract, theirs))
        if changes is None and (description := _others.get((contract.app, theirs))) is not None:
            changes = incompatibilities(caller=own_description(contract), provider=description)
            self._changes[contract, theirs] = changes
        return changes

    def permits(self, contract: type[Contract]) -> Callable[[Instance], bool]:
        """Whether an instance is not known to be incompatible; the same object each time."""
        permits = self._permits.get(contract)
        if permits is None:
            permits = self._permits.setdefault(
                contract, lambda instance: not self.changes(contract, instance)
            )
        return permits

    def want(self, contract: type[Contract], instances: Iterable[Instance]) -> None:
        """Have these asked, those of them whose contract is not known yet."""
        now = time.monotonic()
        for instance in instances:
            key = contract.app, instance.contracts.get(contract.app, "")
            with self._told:
                rests = now < self._asked_at.get(key, 0.0) + ASK_AGAIN
                if rests or key in self._under_way or key in _others:
                    continue
                self._under_way.add(key)
            threading.Thread(
                target=self._learn, args=(key, instance), name="contract-versions", daemon=True
            ).start()

    def wait(self, seconds: float) -> bool:
        """Wait until more may be known; False if nobody is being asked, or nothing was heard."""
        with self._told:
            return bool(self._under_way) and self._told.wait(seconds)

    def _learn(self, key: tuple[str, str], instance: Instance) -> None:
        try:
            described = _verified(self._ask(instance, key[0]), key)
            # A mistake in it must show here, not in each call.
            incompatibilities(caller=described, provider=described)
            _others[key] = described
            self._learnt()
        except (NotDescribed, msgspec.MsgspecError, ValueError) as error:
            logger.warning(
                "call.contract_unknown", app=key[0], instance=instance.name, reason=str(error)
            )
        except Exception:
            logger.exception("call.contract_unknown", app=key[0], instance=instance.name)
        finally:
            with self._told:
                self._asked_at[key] = time.monotonic()
                self._under_way.discard(key)
                self._told.notify_all()


def _verified(raw: bytes, key: tuple[str, str]) -> Description:
    """The description, which must be the one that the instance's signed record promises."""
    described: Description = msgspec.json.decode(raw, type=Description)
    canonical = msgspec.json.encode(described, order="sorted")
    if hashlib.sha256(canonical).hexdigest()[: len(key[1])] != key[1] or not key[1]:
        raise NotDescribed("what it says is not what its registration says")
    return described


_callers: dict[tuple[type[Contract], str], tuple[str, ...]] = {}


def changes_from_caller(contract: type[Contract], theirs: str) -> tuple[str, ...]:
    """Why a caller whose contract has the fingerprint ``theirs`` must not call this process, as
    far as that is known here."""
    described = _others.get((contract.app, theirs))
    if described is None:
        return ()
    changes = _callers.get((contract, theirs))
    if changes is None:
        changes = incompatibilities(caller=described, provider=own_description(contract))
        _callers[contract, theirs] = changes
    return changes


def own_description(contract: type[Contract]) -> Description:
    """What this process's contract looks like."""
    return _described(contract)[0]


def own_fingerprint(contract: type[Contract]) -> str:
    """Its fingerprint."""
    return _described(contract)[1]


def _described(contract: type[Contract]) -> tuple[Description, str]:
    own = _own.get(contract)
    if own is None:
        own = _own[contract] = (describe(contract), fingerprint(contract))
    return own
