"""``docker compose up`` alone: the monolith behind its gateway, from nothing."""

from __future__ import annotations

from tests.docker.books import ContainerBooks
from tests.docker.stack import Stack, wait_until
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop

MONOLITH = {"agent", "gateway", "home", "home-worker", "identity", "postgres", "redis"}
MIB = 2**20


def test_it_sells_and_the_mail_is_sent(shop: Stack, books: ContainerBooks) -> None:
    customer = Shop(HttpTransport(shop.base_url))
    bought = customer.buy(**{books.skus[0]: 3})
    order, access = str(bought["order"]), str(bought["access"])
    assert customer.pdf(str(bought["invoice"]), access=access).body.startswith(b"%PDF")
    wait_until(lambda: customer.receipt(order, access=access).json.get("status") == "sent")
    assert books.audit() == []


def test_nothing_runs_that_the_monolith_does_not_need(shop: Stack) -> None:
    assert set(shop.compose("ps", "--services", "--status", "running").split()) == MONOLITH


def test_a_second_start_changes_nothing(shop: Stack) -> None:
    before = {service: shop.ids(service) for service in MONOLITH}
    shop.compose("up", "-d")
    assert {service: shop.ids(service) for service in MONOLITH} == before


def test_how_long_and_how_large(cold: Stack, shop: Stack, figures: list[str]) -> None:
    figures.append(f"from 'up' to the first page: {shop.seconds_until_up:.1f} s (goal: 60)")
    for image, base in (("shop", "python:3.12-slim"), ("shop-gateway", "debian:bookworm-slim")):
        sizes = [
            int(shop.docker("image", "inspect", "-f", "{{.Size}}", name)) / MIB
            for name in (f"{image}:test", base)
        ]
        figures.append(f"{image}: {sizes[0] - sizes[1]:.0f} MiB over {base} ({sizes[1]:.0f} MiB)")
