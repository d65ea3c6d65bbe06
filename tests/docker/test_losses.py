"""The only instance of an app is lost in ways in which machines are lost; home takes its place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.docker.stack import Stack, UnderLoad, wait_until
from tests.load.log import Log


@contextmanager
def killed(shop: Stack, id: str) -> Iterator[None]:
    shop.docker("kill", id)
    yield


@contextmanager
def paused(shop: Stack, id: str) -> Iterator[None]:
    """Its connections stay and take what is sent; nothing answers."""
    shop.docker("pause", id)
    yield
    shop.docker("unpause", id)


@contextmanager
def cut_off(shop: Stack, id: str) -> Iterator[None]:
    """As a machine whose cable was pulled: nothing refuses, nothing answers."""
    for network in ("shop", "stores"):
        shop.docker("network", "disconnect", "-f", f"{shop.project}_{network}", id)
    yield


def first_by_home(log: Log) -> float:
    """When home first answered for payment, in seconds since the load began."""
    return min(
        entry.at + entry.seconds
        for entry in log.entries
        if entry.path.startswith("/api/carts/") and entry.served_by.startswith("home/")
    )


@pytest.mark.parametrize("lost", [killed, paused, cut_off], ids=lambda how: how.__name__)
def test_home_serves_what_is_lost(
    lost: Callable[..., object], shop: Stack, under_load: UnderLoad, figures: list[str]
) -> None:
    shop.move_out("payment")
    wait_until(lambda: shop.serving("payment") == "payment")
    lost_at = 0.0

    def change() -> None:
        nonlocal lost_at
        (id,) = shop.ids("payment")
        lost_at = time.monotonic()
        with lost(shop, id):
            # The gateway lets this wait until somebody can answer.
            wait_until(lambda: shop.serving("payment") == "home")

    log = under_load(change)
    seconds = first_by_home(log) - (lost_at - log.began)
    figures.append(
        f"payment's only instance {lost.__name__}: home's after {seconds:.1f} s (goal: 10), "
        f"{len(log.failures())} of {len(log.entries)} requests failed, none that may be repeated"
    )
