"""How many instances of what are wanted, as the command line says it."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from extract.trust import HOME, IDENTITY

MOST = 50


class NoSuchPlan(Exception):
    """What is asked for cannot be. The message names every mistake."""


def apps() -> tuple[str, ...]:
    return tuple(route.app for route in settings.EXTRACT_ROUTES)


def roles() -> tuple[str, ...]:
    """All that can have instances."""
    return (HOME, IDENTITY, *apps())


def plan(words: Iterable[str]) -> dict[str, int]:
    """``["product=2", "payment"]`` → instances by role. Apps that are not named are at home; none
    named: one of each. Home and identity are one unless named. Raises ``NoSuchPlan``."""
    named: dict[str, int] = {}
    mistakes = []
    for word in words:
        role, equals, count = word.partition("=")
        try:
            check_role(role)
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
    return {HOME: named.get(HOME, 1), IDENTITY: named.get(IDENTITY, 1), **outside}


def check_role(role: str) -> None:
    """Raises ``NoSuchPlan`` for what has no instances."""
    if role not in roles():
        raise NoSuchPlan(f"There is no app '{role}'; there are {', '.join(roles())}.")


def number(text: str) -> int:
    """A count of instances. Raises ``NoSuchPlan``."""
    if not (text.isascii() and text.isdecimal() and int(text) <= MOST):
        raise NoSuchPlan(f"'{text}' is no number of instances; it must be 0 to {MOST}.")
    return int(text)
