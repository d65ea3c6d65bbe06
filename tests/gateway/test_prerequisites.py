"""What nginx needs is tried before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from extract.gateway import prerequisites, render
from tests import components


@pytest.fixture(autouse=True)
def _nginx() -> None:
    components.needed("nginx with Lua", components.nginx())


def test_with_everything_there_it_says_nothing() -> None:
    prerequisites.check()


def test_a_missing_cjson_is_named_with_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="apt-get install lua-cjson"):
        prerequisites.check(cpath=f"{tmp_path}/?.so")


def test_a_module_that_cannot_be_loaded_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ndk_http_module.so", "ngx_http_lua_module.so"):
        (tmp_path / name).write_text("no module")
    monkeypatch.setattr(render, "_MODULES", (str(tmp_path),))
    with pytest.raises(ImproperlyConfigured, match="cannot be started with its Lua module: "):
        prerequisites.check()
