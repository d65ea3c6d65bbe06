"""What a process knows of the others, whatever becomes of them and of the registry."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from extract.registry import Registry, View
from extract.registry.confirm import NotConfirmed, NotThere
from tests.registry.scene import Backing, Doorbells, announce, eventually, instance

Connect = Callable[..., Registry]
Watching = Callable[..., View]


def serving(view: View, app: str = "product") -> set[str]:
    return {each.id for each in view.serving(app)}


def test_who_announces_serves(registry: Registry, watching: Watching) -> None:
    view = watching()
    announce(registry, instance("one"), instance("home", role="home"))
    eventually(lambda: serving(view) == {"one"})
    eventually(lambda: serving(view, "payment") == {"home"})
    assert [known.instance.name for known in view.known()] == ["home/home", "product/one"]
