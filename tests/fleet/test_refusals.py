"""What cannot be started says why, all of it at once, before anything is started."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from tests import components
from tests.fleets import START_SECONDS, Fleet


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    return Fleet(tmp_path_factory.mktemp("idle"), {"ALLOWED_HOSTS": ""})


@pytest.fixture
def empty_path(tmp_path: Path, idle: Fleet) -> str:
    """A PATH with nothing but this Python on it."""
    (tmp_path / "python").symlink_to(sys.executable)
    return str(tmp_path)


def test_every_mistake_is_named(idle: Fleet) -> None:
    arguments = ("prodct=2", "payment=51", "product", "product=2", "--port", "99999")
    done = idle.manage("extract", "up", *arguments)
    assert done.returncode == 1
    for sentence in (
        "There is no app 'prodct'; there are home, identity, product,",
        "'51' is no number of instances; it must be 0 to 50.",
        "product is named twice.",
        "--port is 99999; it must be from 1 to 65535.",
    ):
        assert sentence in done.stderr
    assert not (idle.data_dir / "default.sqlite3").exists()


def test_what_is_missing_is_named_with_how_to_get_it(idle: Fleet, empty_path: str) -> None:
    done = idle.manage("extract", "up", PATH=empty_path)
    assert done.returncode == 1
    for sentence in (
        "redis-server is not installed; on Debian: apt-get install redis-server",
        "nginx is not installed; on Debian: apt-get install nginx libnginx-mod-http-lua lua-cjson",
    ):
        assert sentence in done.stderr


@pytest.mark.parametrize("arguments", [("scale", "product", "2"), ("restart",)])
def test_nothing_is_up_to_be_told(idle: Fleet, arguments: tuple[str, ...]) -> None:
    done = idle.manage("extract", *arguments)
    assert done.returncode == 1
    assert f"No fleet is up for {idle.data_dir}; 'manage.py extract up' starts one." in done.stderr


def test_down_of_nothing_is_fine(idle: Fleet) -> None:
    done = idle.manage("extract", "down")
    assert (done.returncode, done.stdout) == (0, f"No fleet is up for {idle.data_dir}.\n")


def test_serve_checks_first(idle: Fleet) -> None:
    components.redis_server()
    url = {"REDIS_URL": "redis://127.0.0.1:1/0"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for arguments, env, sentence in (
            (["product"], {}, "REDIS_URL is unset; it is where all processes find each other."),
            (["prodct"], url, "There is no app 'prodct'"),
            ([], url, "There is no app ''"),
            (["payment"], {**url, "EXTRACT_ROLE": "product"}, "EXTRACT_ROLE is product, so"),
            (["product", f"--port={port}"], url, f"127.0.0.1:{port} cannot be served at (Address"),
            (["product"], url, "The database 'product' is not migrated; run 'manage.py migrate'."),
        ):
            done = idle.manage("extract", "serve", *arguments, **env)
            assert done.returncode == 1, done
            assert sentence in done.stderr
            assert "Traceback" not in done.stderr


def test_what_never_comes_up_ends_it_with_its_own_error(tmp_path: Path) -> None:
    """Not with a log's name, and not never."""
    fleet = Fleet(tmp_path, {"GUNICORN_CMD_ARGS": "--nonsense"}, prepare=False)
    fleet.begin("home=1", "identity=0", "product=0")
    try:
        assert fleet.wait_ended(START_SECONDS) == 1
    finally:
        fleet.stop()
    said = fleet.said()
    assert "never came up in 5 starts" in said, said
    assert "unrecognized arguments: --nonsense" in said.partition("never came up")[2]
    assert "Traceback" not in said
