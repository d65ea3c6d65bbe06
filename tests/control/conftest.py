"""Operators of the control page, and work that its figures tell of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client


@pytest.fixture(autouse=True)
def _looks_anew() -> None:
    """What one test saw says nothing to the next one."""
    from extract.control.world import forget

    forget()


@pytest.fixture
def signed_in(database: None) -> Iterator[Callable[..., Client]]:
    """A browser of somebody of the staff who has exactly these permissions."""
    from django.contrib.auth.models import Group, Permission
    from django.test import Client

    from shop.accounts.models import User

    made: list[Group] = []

    def sign_in(*codenames: str) -> Client:
        name = f"olive{len(made) or ''}@example.com"
        user = User.objects.create_user(name, "x", is_staff=True)
        group = Group.objects.create(name=f"exactly what {name} may do")
        made.append(group)
        group.permissions.set(
            Permission.objects.filter(
                content_type__app_label="extract_control", codename__in=codenames
            )
        )
        user.groups.add(group)
        client = Client()
        client.force_login(user)
        return client

    yield sign_in
    for group in made:
        group.delete()


@pytest.fixture
def operator(signed_in: Callable[..., Client]) -> Client:
    return signed_in("view_control", "control_instances", "control_queues")


@pytest.fixture
def hop(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Something that this process does, as the figures, which are empty before, hear of it."""
    from extract.observe import history
    from extract.observe.slots import InMemory
    from extract.trace import Kind, new_context, span, using_context

    monkeypatch.setattr(history, "_memory", InMemory())
    monkeypatch.setattr(history, "_recorder", history._Recorder())

    def hop(
        name: str, kind: str, *, fault: bool = False, correlation_id: str = "", **labels: str
    ) -> None:
        with suppress(ValueError), using_context(new_context(correlation_id=correlation_id)):
            with span(name, Kind(kind), **labels):
                if fault:
                    raise ValueError("of a secret")

    return hop
