"""``manage.py extract contracts``: no contract changes without its record, or apart unawares."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from apps.product.contract import ProductContract

pytestmark = pytest.mark.sqlite  # no database is asked
ROOT = Path(__file__).resolve().parents[3]
WRITE = "record it with: manage.py extract contracts --write"
VERSIONS = (ProductContract.version, ProductContract.version + 1)
OLD, NEW = (f'app="product", version={version}' for version in VERSIONS)
QUANTITY = ("sku: str\n    quantity: int", "sku: str\n    quantity: str")
INCOMPATIBLE = "product.reserve: argument 'items[].quantity' was int and is str"
MORE = ("tax_class: str\n", 'tax_class: str\n    weight: str = ""\n')
"""A quote that says more: old callers ignore it, new ones can do without."""


class Project:
    """A copy of the code, with contracts to change."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for room in ("apps", "extract", "shop"):
            ignored = shutil.ignore_patterns("static", "*.png")
            shutil.copytree(ROOT / room, root / room, ignore=ignored)
        for file in ("manage.py", "pyproject.toml"):
            shutil.copy(ROOT / file, root)
        self.contract = root / "apps" / "product" / "contract.py"
        self.record = self.contract.with_suffix(".json")

    def change(self, before: str, after: str) -> None:
        text = self.contract.read_text()
        assert before in text
        self.contract.write_text(text.replace(before, after))

    def contracts(self, *options: str) -> tuple[int, str]:
        """The exit code, and what was said."""
        done = subprocess.run(
            [sys.executable, "manage.py", "extract", "contracts", *options],
            cwd=self.root,
            env={**os.environ, "DATA_DIR": str(self.root / "data"), "DEBUG": "1"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def test_the_records_in_the_tree_are_up_to_date(project: Project) -> None:
    code, said = project.contracts("--check")
    assert code == 0, said
    assert said.count("as recorded") == 4


def test_an_incompatible_change_needs_a_version_and_then_its_record(project: Project) -> None:
    before = project.record.read_bytes()
    project.change(*QUANTITY)
    for option in ("--check", "--write"):
        code, said = project.contracts(option)
        assert code == 1
        assert INCOMPATIBLE in said
        assert f"raise version= to {VERSIONS[1]} in apps/product/contract.py" in said
        assert project.record.read_bytes() == before
    project.change(OLD, NEW)
    code, said = project.contracts("--check")
    assert code == 1
    assert INCOMPATIBLE in said
    assert WRITE in said
    assert project.contracts("--write")[0] == 0
    assert project.contracts("--check")[0] == 0
    project.change(NEW, OLD)
    for option in ("--check", "--write"):
        code, said = project.contracts(option)
        assert (code, "versions only grow" in said) == (1, True)


def test_a_compatible_change_needs_its_record_alone(project: Project) -> None:
    project.change(*MORE)
    code, said = project.contracts("--check")
    assert code == 1
    assert f"changed compatibly; {WRITE}" in said
    assert project.contracts()[0] == 0, "looking is not checking"
    assert project.contracts("--write")[0] == 0
    assert project.contracts("--check")[0] == 0


def test_new_callers_may_meet_old_providers_too(project: Project) -> None:
    limit = "self, *, limit: int"
    project.change("def categories(", "def shelves(")
    project.change(limit, f"{limit}, page: int = 1")
    provider = project.contract.with_name("provider.py")
    text = provider.read_text().replace("def categories(", "def shelves(")
    provider.write_text(text.replace(limit, f"{limit}, page: int = 1"))
    code, said = project.contracts("--check")
    assert code == 1
    for change in (
        "product.categories: the method is gone",
        "product.shelves: the method is new",
        "product.featured: argument 'page' is new",
    ):
        assert change in said


def test_a_record_that_is_missing_or_none_is_said_to_be(project: Project) -> None:
    project.record.unlink()
    code, said = project.contracts("--check")
    assert (code, f"ProductContract: not recorded; {WRITE}" in said) == (1, True)
    project.record.write_text("<<<<<<< ours\n")
    for option in ("--check", "--write"):
        code, said = project.contracts(option)
        assert code == 1
        assert "contract.json is no record of a contract" in said
    shutil.copy(project.record.parents[1] / "payment" / "contract.json", project.record)
    code, said = project.contracts("--check")
    assert (code, "records 'payment', not 'product'" in said) == (1, True)
