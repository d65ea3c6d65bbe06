"""What tables are made of: who serves what, at which IP addresses, and who refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from extract.gateway.probe import refusing
from extract.gateway.table import resolved, table_of
from extract.registry import Instance, Tier
from extract.trust import RoleKeys, Trust
from tests.gateway.upstream import Upstream
from tests.ports import free_port

KEYS = {role: RoleKeys(role, f"the secret of {role}") for role in ("gateway", "home", "product")}
TRUST = Trust(KEYS["gateway"], "agent", {role: keys.public for role, keys in KEYS.items()})


class Placed:
    """A view of fixed instances, by whom they serve."""

    def __init__(self, **served: tuple[Instance, ...]) -> None:
        self.served = served

    def serving(self, app: str) -> tuple[Instance, ...]:
        return self.served.get(app, ())


def test_a_table_says_who_serves_what_and_what_to_show_them() -> None:
    def made(id: str, role: str, **fields: Any) -> Instance:
        tier = Tier.HOME if role == "home" else Tier.OWN
        return Instance(id=id, role=role, tier=tier, address="localhost:7001", **fields)

    own, home = made("a", "product", weight=30), made("h", "home")
    view = Placed(product=(own,), payment=(home,), home=(home,), identity=(home,))
    table = table_of(
        view, TRUST, ("product", "payment"), refusing=["a"], resolve=lambda _: ("10.0.0.7", 7001)
    )
    assert table["apps"]["product"] == [
        {
            "id": "a", "role": "product", "address": "10.0.0.7:7001", "host": "10.0.0.7",
            "port": 7001, "weight": 30, "down": True,
        }
    ]  # fmt: skip
    assert [each["role"] for each in table["apps"]["payment"]] == ["home"]
    assert table["apps"]["identity"] == []  # home does not stand in for it
    assert table["passes"] == {role: TRUST.pass_for(role) for role in ("home", "product")}


def test_an_address_is_looked_up() -> None:
    assert resolved("127.0.0.1:80") == ("127.0.0.1", 80)
    assert resolved("[::1]:65535") == ("[::1]", 65535)
    assert resolved("localhost:8001") in {("127.0.0.1", 8001), ("[::1]", 8001)}


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.1:", "127.0.0.1:x", ":80", "::1:80"])
def test_what_is_no_address_is_like_an_unknown_name(address: str) -> None:
    with pytest.raises(OSError, match="no host:port"):
        resolved(address)


def test_only_a_refusal_counts_as_one(upstream: Callable[..., Upstream]) -> None:
    there = upstream()
    addresses = {
        "there": f"127.0.0.1:{there.port}",
        "refuses": f"127.0.0.1:{free_port()}",
        "unknown": "no-such-host.invalid:80",
        "malformed": "127.0.0.1",
    }
    assert refusing(addresses) == {"refuses"}
    assert refusing({}) == frozenset()
