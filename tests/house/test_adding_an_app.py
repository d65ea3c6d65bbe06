"""The how-to "add an app", done as it says, in a copy of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOW_TO = ROOT / "docs" / "how-to" / "add-an-app.md"
START = """
import django, os, sys
django.setup()
from django.core.management import call_command
"""
AS_IT_SAYS = """
for command in sys.argv[1:]:
    call_command(*command.split())
"""
TRY_IT = """
call_command("migrate", verbosity=0)
call_command("check", fail_level="WARNING")
call_command("makemigrations", check_changes=True)
call_command("spectacular", validate=True, fail_on_warn=True, file=os.devnull)

from django.contrib.auth import get_user_model
from django.test import Client
from apps.review.contract import ReviewContract
from extract.call import handle

ada = Client()
ada.force_login(get_user_model().objects.create_user("ada@example.com", "a long password"))
url = "/api/reviews/MUG-1/"
refused = Client().post(url, {"stars": 5}, content_type="application/json")
wrong = ada.post(url, {"stars": 6}, content_type="application/json")
for stars in (5, 2):
    assert ada.post(url, {"stars": stars}, content_type="application/json").status_code == 201
read = Client().get(url).json()
mean = handle(ReviewContract).stars(sku="MUG-1")
print(refused.status_code, wrong.status_code, [each["stars"] for each in read["results"]], mean)
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout, with what the how-to says to write."""
    to = tmp_path_factory.mktemp("copy")
    for each in ("manage.py", "pyproject.toml", "requirements.txt"):
        shutil.copy(ROOT / each, to)
    for each in ("apps", "extract", "shop"):
        shutil.copytree(ROOT / each, to / each, ignore=shutil.ignore_patterns("__pycache__"))
    text = HOW_TO.read_text()
    line = re.search(r"^    Route\(app=.*$", text, re.M)
    assert line
    routes = to / "shop" / "routes.py"
    routes.write_text(re.sub(r"^\)\n\nAPP", f"{line[0]}\n)\n\nAPP", routes.read_text(), flags=re.M))
    files = re.findall(r"^`(apps/review/[\w.]+)`\n\n```python\n(.*?)^```$", text, re.M | re.S)
    assert len(files) == 7
    (to / "apps" / "review").mkdir()
    for path, content in [("apps/review/__init__.py", ""), *files]:
        (to / path).write_text(content)
    return to


@pytest.fixture(scope="module")
def said(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """What a command prints in the copy; it must succeed."""
    data = tmp_path_factory.mktemp("data")

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=copy, capture_output=True, text=True,
            env={
                **os.environ, "DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "shop.settings",
                "ALLOWED_HOSTS": "testserver",
            },
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_a_fifth_app_needs_one_line_and_itself(copy: Path, said: Callable[..., str]) -> None:
    commands = re.findall(r"^\$ \.venv/bin/python manage\.py (.*)$", HOW_TO.read_text(), re.M)
    assert len(commands) == 2
    said(sys.executable, "-c", START + AS_IT_SAYS, *commands)
    tried = said(sys.executable, "-c", START + TRY_IT)
    assert tried.split("\n")[-2] == "401 422 [2, 5] 3.5", tried
    said(str(Path(sys.executable).parent / "lint-imports"), "--no-cache")


def test_what_the_how_to_adds_is_well_formed(copy: Path, said: Callable[..., str]) -> None:
    ruff = str(Path(sys.executable).parent / "ruff")
    said(ruff, "check", "--quiet", "apps/review", "shop/routes.py")
    said(ruff, "format", "--check", "--quiet", "apps/review", "shop/routes.py")
