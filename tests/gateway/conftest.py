"""``gateway`` is a running nginx that the session shares, with an empty table at first.

``upstream(role, ...)`` starts an instance's double that notes what reaches it; ``place`` makes
instances the table: ``gateway.place(upstream("product"), upstream("home"))``. Addresses and
credentials are each test's own, so nothing that nginx remembers reaches the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shop.routes import APP_LABELS
from tests import components
from tests.gateway.upstream import Upstream
from tests.nginx_server import Nginx, peer

APPS = APP_LABELS


class Gateway(Nginx):
    """nginx in front of doubles."""

    def place(self, *upstreams: Upstream, **options: Any) -> None:
        """These are all instances there are; an app without one of its own comes home."""
        by_role: dict[str, list[Any]] = {}
        for each in upstreams:
            described = peer(each.port, role=each.role, weight=each.weight, **options)
            by_role.setdefault(each.role, []).append(described)
        home = by_role.get("home", [])
        apps = {app: by_role.get(app, home) for app in APPS}
        apps |= {"home": home, "identity": by_role.get("identity", [])}
        self.push(apps)


@pytest.fixture(scope="session")
def _nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    components.needed("nginx", components.nginx())
    with Gateway(_short(tmp_path_factory)) as gateway:
        yield gateway


@pytest.fixture
def gateway(_nginx: Gateway) -> Iterator[Gateway]:
    _nginx.push({})
    before = _nginx.said()
    yield _nginx
    said = _nginx.said().removeprefix(before)
    assert "lua" not in said or "[error]" not in said, said


@pytest.fixture
def upstream() -> Iterator[Callable[..., Upstream]]:
    started: list[Upstream] = []

    def start(role: str = "product", **options: Any) -> Upstream:
        started.append(Upstream(role, **options).start())
        return started[-1]

    yield start
    for each in started:
        each.stop()


def _short(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("gw")
