"""How many instances of what are wanted, as the command line says it."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from extract.trust import HOME, IDENTITY

MOST = 50
WORKER = "-worker"
"""``receipt-worker`` are the processes that empty receipt's queues."""


class NoSuchPlan(Exception):
    """What is asked for cannot be. The message names every mistake."""


def apps() -> tuple[str, ...]:
    return tuple(route.app for route in settings.EXTRACT_ROUTES)


def roles() -> tuple[str, ...]:
    """All that can have instances."""
    return (HOME, IDENTITY, *apps())


def crews() -> tuple[str, ...]:
    """The same, and those that can have workers: ``receipt-worker``."""
    return (*roles(), *(worker_of(role) for role in (HOME, *apps())))


def worker_of(role: str) -> str:
    return f"{role}{WORKER}"


def role_of(crew: str) -> str:
    return crew.removesuffix(WORKER)


def plan(words: Iterable[str]) -> dict[str, int]:
    """``["product=2", "payment"]`` → processes by crew. Apps that are not named are at home; none
    named: one of each. Home and identity are one unless named, and so is the worker of home, and
    of each app outside that has background work. Raises ``NoSuchPlan``."""
    named: dict[str, int] = {}
    mistakes = []
    for word in words:
        role, equals, count = word.partition("=")
        try:
            check_crew(role)
            if role in named:
                raise NoSuchPlan(f"{role} is named twice.")
            named[role] = number(count) if equals else 1
        except NoSuchPlan as mistake:
            mistakes.append(str(mistake))
    if mistakes:
        raise NoSuchPlan(" ".join(mistakes))
    outside = {app: named.get(app, 0) for app in apps()}
    if not any(app in named for app in apps()):
        outside = dict.fromkeys(apps(), 1)
    serving = {HOME: named.get(HOME, 1), IDENTITY: named.get(IDENTITY, 1), **outside}
    workers = {
        worker_of(role): named.get(worker_of(role), usual_workers(role, serving[role]))
        for role in (HOME, *apps())
    }
    return {**serving, **workers}


def usual_workers(role: str, instances: int) -> int:
    """How many workers a role with so many instances has where nobody says it."""
    works = {route.app for route in settings.EXTRACT_ROUTES if route.background} | {HOME}
    return 1 if instances and role in works else 0


def check_role(role: str) -> None:
    """Raises ``NoSuchPlan`` for what has no instances."""
    if role not in roles():
        raise NoSuchPlan(f"There is no app '{role}'; there are {', '.join(roles())}.")


def check_crew(crew: str) -> None:
    """Raises ``NoSuchPlan`` for what has neither instances nor workers."""
    if crew not in crews():
        raise NoSuchPlan(f"There is no app '{crew}'; there are {', '.join(crews())}.")


def number(text: str) -> int:
    """A count of instances. Raises ``NoSuchPlan``."""
    if not (text.isascii() and text.isdecimal() and int(text) <= MOST):
        raise NoSuchPlan(f"'{text}' is no number of instances; it must be 0 to {MOST}.")
    return int(text)
