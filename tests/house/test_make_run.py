"""``make run`` as a stranger meets it: the files of the repository, an empty home, nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests import components
from tests.components import needed
from tests.conftest import SHOP_VARIABLES
from tests.fleets import Fleet, wait_until
from tests.ports import free_port
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop

ROOT = Path(__file__).resolve().parents[2]
FIRST_START = 240
SECOND_START = 20
KEPT_OUT = (
    "DATA_DIR",
    "DJANGO_SETTINGS_MODULE",
    "DATABASE_URL",
    "THROTTLE",
    "VIRTUAL_ENV",
    "DEBUG",
)


class MakeRun:
    """``make run`` in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        home = directory.parent / "home"
        home.mkdir(exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if name not in KEPT_OUT}
        self.env = {**kept, "HOME": str(home), "PORT": str(self.port)}
        self.log = directory.parent / "run.log"

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as log:
            return subprocess.Popen(
                ["make", "run"], cwd=self.directory, env=self.env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def seconds_to_ready(self, process: subprocess.Popen[bytes], within: float) -> float:
        began = time.monotonic()
        while not self._answers():
            assert process.poll() is None, self.log.read_text()
            assert time.monotonic() - began < within, self.log.read_text()
            time.sleep(0.1)
        return time.monotonic() - began

    def interrupt(self, process: subprocess.Popen[bytes]) -> None:
        """Ctrl-C: the terminal sends it to the whole group."""
        os.killpg(process.pid, signal.SIGINT)
        process.wait(40)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def _answers(self) -> bool:
        try:
            return bool(self.get("/health/ready/"))
        except OSError:
            return False


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeRun]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        needed("git", None)
    directory = tmp_path_factory.mktemp("stranger") / "shop"
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, tracked.stdout.split("\0")):
        if (ROOT / name).exists():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, directory / name)
    yield MakeRun(directory)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.mark.timeout(400)
def test_make_run_serves_the_demo_shop_and_starts_again_in_seconds(stranger: MakeRun) -> None:
    first = stranger.start()
    try:
        took = stranger.seconds_to_ready(first, FIRST_START)
        assert "A Year of Soups" in stranger.get("/products/")
        said = stranger.log.read_text()
        assert f"http://127.0.0.1:{stranger.port}/" in said
        for account in ("ada@example.com / customer-demo", "admin@example.com / admin-demo"):
            assert account in said
        busy = subprocess.run(
            ["make", "run"], cwd=stranger.directory, env=stranger.env, check=False,
            capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert busy.returncode != 0
        assert f"Port {stranger.port} cannot be used" in busy.stderr
        assert "Traceback" not in busy.stderr
    finally:
        stranger.interrupt(first)
    assert "Traceback" not in stranger.log.read_text()

    second = stranger.start()
    try:
        again = stranger.seconds_to_ready(second, SECOND_START)
    finally:
        stranger.interrupt(second)
    print(f"first start {took:.0f} s, second {again:.1f} s")


@pytest.mark.timeout(60)
def test_what_cannot_work_is_said_all_at_once(stranger: MakeRun) -> None:
    wrong = {"DATABASE_URL": "nonsense", "THROTTLE": "perhaps", "SECRET_KEY": "short"}
    done = subprocess.run(
        ["make", "run"], cwd=stranger.directory, env={**stranger.env, **wrong}, check=False,
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode != 0
    assert all(name in done.stderr for name in wrong)
    assert "Traceback" not in done.stderr


@pytest.mark.timeout(300)
@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_apps_move_out_with_nothing_but_what_the_shop_installs(
    stranger: MakeRun, request: pytest.FixtureRequest, broker: str, tmp_path: Path
) -> None:
    """In the environment that ``make run`` has made: none of development's libraries is there."""
    needed("nginx with its Lua module", components.nginx())
    env = {name: "" for name in os.environ if name.endswith(SHOP_VARIABLES)}
    env |= {"THROTTLE": "on", "REDIS_URL": request.getfixturevalue("redis").url}
    if broker == "rabbitmq":
        env["CELERY_BROKER_URL"] = request.getfixturevalue("rabbitmq").url
    subprocess.run(["make", ".venv/runtime"], cwd=stranger.directory, env=stranger.env, check=True)
    python = stranger.directory / ".venv" / "bin" / "python"
    fleet = Fleet(tmp_path, env, python=python, root=stranger.directory)
    fleet.start("home=1", "payment=2")
    transport = HttpTransport(fleet.base_url)
    try:
        shop = Shop(transport)
        order = shop.buy(
            **{str(shop.request("GET", "/api/products/").json["results"][0]["sku"]): 1}
        )
        mailed = partial(shop.receipt, order["order"], access=order["access"])
        wait_until(lambda: (said := mailed()).status == 200 and said.json["status"] == "sent", 60)
        audited = fleet.manage("extract", "audit")
        assert audited.returncode == 0, audited.stdout + audited.stderr
    finally:
        transport.close()
        fleet.stop()
