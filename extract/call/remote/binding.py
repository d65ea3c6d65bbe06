"""The binding of apps that may run elsewhere: here if this process is to serve, else over HTTP."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Collection
from typing import Any

from django.conf import settings

from extract.call.contract import Contract, Method
from extract.call.errors import CallError, NotSent, OutcomeUnknown, ProviderAway
from extract.call.handle import LOCAL, bind_all
from extract.call.remote.breaker import Health, Standing
from extract.call.remote.budget import Budget, pause
from extract.call.remote.choosing import Choosing
from extract.call.remote.delivery import Courier, Failed, Route
from extract.call.remote.describing import asking
from extract.call.remote.pool import Pool
from extract.call.remote.versions import Versions
from extract.call.wire import delivery, encode_arguments
from extract.registry import Instance, View
from extract.registry.condition import tell_resting
from extract.trace import CallContext, current_context
from extract.trust import Trust, own_trust

TRIES = 3
"""Deliveries of one call at most."""


class Placed:
    """Calls go where the view says that their app is served, by the one rule of placement.

    ``come_home`` are the apps that home may serve. Thread-safe; a forked child has connections
    of its own, and finds out for itself who is well.
    """

    def __init__(self, view: View, trust: Trust, *, come_home: Collection[str] = ()) -> None:
        self._view = view
        self._trust = trust
        self._come_home = frozenset(come_home)
        self._routes: dict[tuple[type[Contract], str], Route] = {}
        self._begin()
        _all.add(self)

    def _begin(self) -> None:
        self._pool, self._health = Pool(), Health()
        self._budgets: dict[str, Budget] = {}
        self._courier = Courier(self._trust, self._pool, self._view)
        versions = Versions(asking(self._trust, self._pool), self._view.reconsider)
        role = self._trust.own.role
        self._choosing = Choosing(self._view, versions, self._health, role, self._come_home)

    def standings(self) -> dict[str, Standing]:
        """How each instance that was called stands, by its id."""
        return self._health.all()

    def retries_left(self) -> dict[str, int]:
        """By app."""
        return {app: budget.left for app, budget in self._budgets.copy().items()}

    def idle_connections(self) -> int:
        return self._pool.idle()

    def close(self) -> None:
        """Close the connections that are idle."""
        self._pool.close()

    def resting(self) -> list[str]:
        """Whom calls leave alone now, as ``Health.resting`` names them."""
        return self._health.resting()

    def call(self, method: Method, arguments: dict[str, Any]) -> Any:
        """The result, wherever the provider is. Raises declared errors as themselves."""
        if method.contract.app == self._trust.own.role:
            return LOCAL.call(method, arguments)
        route = self._routes.get((method.contract, method.name)) or self._route_to(method)
        context = current_context()
        instances = self._choosing.serving(route, context)
        if instances is None:
            return LOCAL.call(method, arguments)
        body = encode_arguments(method, arguments)
        self._budget(method).called()
        try:
            return self._try(route, body, instances)
        except Failed as failed:
            return self._try_again(route, body, context, arguments, failed)

    def _try(
        self,
        route: Route,
        body: bytes,
        instances: tuple[Instance, ...],
        avoided: Collection[str] = (),
        attempt: int = 1,
    ) -> Any:
        chosen = self._choosing.pick(route.method.name, instances, avoided)
        if chosen is None:
            raise ProviderAway(route.method.label, _nobody_ready(route, instances))
        with delivery(route.method, attempt, peer=chosen[0].name):
            return self._courier.deliver(route, body, current_context(), *chosen)

    def _try_again(
        self,
        route: Route,
        body: bytes,
        context: CallContext,
        arguments: dict[str, Any],
        failed: Failed,
    ) -> Any:
        method, failures = route.method, [failed]
        errors: list[CallError] = [failed.error]
        while len(failures) < TRIES and _may_be_repeated(method, errors[-1]):
            try:
                instances = self._choosing.serving(route, context)
                if instances is None:
                    return LOCAL.call(method, arguments)
                avoided = self._choosing.avoided(method.name, instances, failures)
                if avoided is None or not self._paused(method, len(failures), context):
                    break
                return self._try(route, body, instances, avoided, len(failures) + 1)
            except Failed as again:
                failures.append(again)
                errors.append(again.error)
            except CallError as error:
                errors.append(error)
                break
        raise _all_in_all(method, errors) from failures[-1]

    def _paused(self, method: Method, tries: int, context: CallContext) -> bool:
        """Whether the next try may be made, after a pause."""
        seconds = pause(tries)
        if context.time_left <= seconds or not self._budget(method).spend():
            return False
        time.sleep(seconds)
        return True

    def _budget(self, method: Method) -> Budget:
        app = method.contract.app
        budget = self._budgets.get(app)
        return budget if budget is not None else self._budgets.setdefault(app, Budget())

    def _route_to(self, method: Method) -> Route:
        return self._routes.setdefault((method.contract, method.name), Route.to(method))


def _may_be_repeated(method: Method, error: CallError) -> bool:
    return method.repeatable or isinstance(error, NotSent)


def _nobody_ready(route: Route, instances: tuple[Instance, ...]) -> str:
    app, count = route.method.contract.app, len(instances)
    if count == 1:
        return f"{instances[0].name}, the only instance of {app}, is resting after failures"
    return f"all {count} instances of {app} are resting after failures"


def _all_in_all(method: Method, errors: list[CallError]) -> CallError:
    """What is known after several tries: nothing, if that is what one of them left."""
    if len(errors) == 1:
        return errors[0]
    unknown = any(isinstance(error, OutcomeUnknown) for error in errors)
    kind = OutcomeUnknown if unknown else type(errors[-1])
    return kind(method.label, "; then ".join(error.reason for error in errors))


def install(view: View) -> Placed:
    """From now on, let the calls of this process to every app go where ``view`` says."""
    global _installed
    _installed = Placed(view, own_trust(), come_home=settings.EXTRACT_COME_HOME)
    bind_all(_installed)
    tell_resting(_installed.resting)
    return _installed


def installed() -> Placed | None:
    """What ``install`` made; None where every call stays in the process."""
    return _installed


_installed: Placed | None = None

_all: weakref.WeakSet[Placed] = weakref.WeakSet()


def _after_fork() -> None:
    # Calls of other threads were under way, and may have held a lock; none of them is here.
    for placed in list(_all):
        placed._begin()


os.register_at_fork(after_in_child=_after_fork)
