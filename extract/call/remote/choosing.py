"""Where a call goes: who serves the app, whose contract fits, who of them is less busy."""

from __future__ import annotations

import random
import time
from collections.abc import Collection

from extract.call.contract import Contract
from extract.call.errors import CallRefused, ProviderAway
from extract.call.remote.breaker import Health, Standing
from extract.call.remote.delivery import Failed, Route
from extract.call.remote.versions import Versions
from extract.registry import Instance, Kind, View
from extract.trace import CallContext
from extract.trust import HOME

PATIENCE = 1.0
"""Seconds that a call waits at most until unknown contracts have been described."""

Chosen = tuple[Instance, Standing]


class Choosing:
    """For a process of ``role``; ``come_home`` are the apps that home may serve. Thread-safe."""

    def __init__(
        self, view: View, versions: Versions, health: Health, role: str, come_home: Collection[str]
    ) -> None:
        self._view = view
        self._versions = versions
        self._health = health
        self._role = role
        self._come_home = come_home
        self._fitting: dict[type[Contract], tuple[object, tuple[Instance, ...]]] = {}

    def serving(self, route: Route, context: CallContext) -> tuple[Instance, ...] | None:
        """The instances that may take the call; None if this process itself is to.

        Raises ``CallRefused`` if none has a contract that fits, ``ProviderAway`` if there is none.
        """
        contract, until, may_hear_more = route.method.contract, 0.0, True
        app, permits = contract.app, self._versions.permits(route.method.contract)
        while True:
            instances = self._view.serving(app, permits)
            if self._role == HOME and _come_home(instances, app in self._come_home):
                return None
            if not instances:
                raise self._nobody(route)
            seen, fitting = self._fitting.get(contract, (None, ()))
            if seen is not instances:
                fitting = self._who_fits(contract, instances)
            if fitting:
                return fitting
            now = time.monotonic()
            until = until or now + min(PATIENCE, context.time_left)
            if now >= until or not may_hear_more:
                names = ", ".join(instance.name for instance in instances)
                raise ProviderAway(
                    route.method.label, f"{names} did not say which contract they have"
                )
            # If nobody is being asked (any more), what was heard meanwhile is looked at once more.
            may_hear_more = self._versions.wait(until - now)

    def pick(
        self, method: str, instances: tuple[Instance, ...], avoiding: Collection[str]
    ) -> Chosen | None:
        """The less busy of two at random that are not resting, and its standing, which took the
        call on; None if all are resting or to be avoided."""
        now, health = self._health.clock(), self._health
        ready = [
            (instance, standing)
            for instance in instances
            if instance.id not in avoiding
            and (standing := health.of(instance.id)).admits(method, now)
        ]
        while ready:
            chosen = _less_busy(ready)
            if chosen[1].begin(method):
                return chosen
            ready.remove(chosen)
        return None

    def avoided(
        self, method: str, instances: tuple[Instance, ...], failures: Collection[Failed]
    ) -> tuple[str, ...] | None:
        """Whom a further try has to avoid: all that failed, but if nobody else is ready, not
        those of whom merely the connection did; None if nobody is ready then either."""
        now, health = self._health.clock(), self._health
        ready = {each.id for each in instances if health.of(each.id).admits(method, now)}
        for avoided in (
            tuple(failed.instance.id for failed in failures),
            tuple(failed.instance.id for failed in failures if not failed.same_may_do),
        ):
            if not ready <= set(avoided):
                return avoided
        return None

    def _who_fits(
        self, contract: type[Contract], instances: tuple[Instance, ...]
    ) -> tuple[Instance, ...]:
        changes = [(each, self._versions.changes(contract, each)) for each in instances]
        fitting = tuple(instance for instance, found in changes if found == ())
        if unknown := [instance for instance, found in changes if found is None]:
            self._versions.want(contract, unknown)
        else:
            self._fitting[contract] = (instances, fitting)
        return fitting

    def _nobody(self, route: Route) -> CallRefused | ProviderAway:
        contract, label = route.method.contract, route.method.label
        there = [
            known.instance
            for known in self._view.known()
            if not known.gone and known.instance.kind is Kind.SERVER
        ]
        others = {
            each.name: changes
            for each in there
            if each.role in (contract.app, HOME)
            and (changes := self._versions.changes(contract, each))
        }
        if not others:
            return ProviderAway(
                label, f"no instance of {contract.app} is there, nor home in its place"
            )
        told = "; ".join(dict.fromkeys(change for found in others.values() for change in found))
        names = ", ".join(others)
        return CallRefused(label, f"the contract of {names} does not go with this one: {told}")


def _come_home(instances: tuple[Instance, ...], may_come_home: bool) -> bool:
    # Home can serve while nobody, not even itself, is known of.
    return instances[0].role == HOME if instances else may_come_home


def _less_busy(ready: list[Chosen]) -> Chosen:
    count = len(ready)
    if count == 1:
        return ready[0]
    weights = [instance.weight for instance, _ in ready]
    if any(weights) and min(weights) != max(weights):
        one, other = random.choices(ready, weights, k=2)
    else:
        first = int(random.random() * count)
        one, other = ready[first], ready[first - 1 - int(random.random() * (count - 1))]
    is_busier = one[1].in_flight * other[0].weight > other[1].in_flight * one[0].weight
    return other if is_busier else one
