"""Migrations that would stop the release before are refused, each by a sentence that says why."""

from __future__ import annotations

import io
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

from tests.migrations import judged
from tests.migrations.judged import Refused

ROOT = Path(__file__).resolve().parents[2]
HOW_TO = ROOT / "docs" / "how-to" / "release.md"
HEAD = """
from django.db import migrations, models

from extract.data.concurrently import AddIndexConcurrently, RemoveIndexConcurrently
from extract.text.model_fields import LineField


def forget(apps, schema_editor):
    carts = apps.get_model("payment", "Cart").objects.using(schema_editor.connection.alias)
    carts.filter(subject="nobody").delete()


def import_it(apps, schema_editor):
    from apps.payment.models import Cart

    Cart.objects.all().delete()


"""
CLASS = """
class Migration(migrations.Migration):
    dependencies = [("payment", "{last}")]
    atomic = {atomic}
    allowed = {allowed}
    operations = [{operations}]
"""
NEW = "9999_new"
LAST = max(each.stem for each in (ROOT / "apps/payment/migrations").glob("[0-9]*.py"))
"""The one on which it follows."""
INDEX = "models.Index(fields=['name'], name='order_by_name')"
TABLE = "migrations.CreateModel('Gift', [('id', models.BigAutoField(primary_key=True))])"
NULLABLE = "migrations.AddField('order', 'gift', models.CharField(max_length=20, null=True))"
FILLED = "migrations.AddField('order', 'gift', models.CharField(max_length=20, default=''))"
STRICT = "migrations.AddField('gift', 'name', models.CharField(max_length=20, unique=True))"
NOT_USED = """
    migrations.AlterField('order', 'line2', models.CharField(max_length=120, db_default='')),
    migrations.SeparateDatabaseAndState(
        state_operations=[migrations.RemoveField('order', 'line2')]
    )
"""
DROPPED = "migrations.RemoveField('order', 'line2')"
MOVED = "migrations.RunPython(forget)"


Judge = Callable[..., list[str]]

_numbers = itertools.count()


@pytest.fixture
def plant(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give payment one more migration, which does ``operations``: in a copy of those it has."""
    monkeypatch.syspath_prepend(tmp_path)

    def plant(*operations: str, allowed: dict[str, str] | None = None, atomic: bool = True) -> None:
        copy = tmp_path / f"planted_{next(_numbers)}"
        shutil.copytree(ROOT / "apps" / "payment" / "migrations", copy)
        how = {"allowed": allowed or {}, "atomic": atomic, "last": LAST}
        made = CLASS.format(operations=", ".join(operations), **how)
        (copy / f"{NEW}.py").write_text(HEAD + made)
        settings.MIGRATION_MODULES = {"payment": copy.name}

    return plant


@pytest.fixture
def judge(plant: Callable[..., None]) -> Judge:
    """Plant it and judge: what is said of it. It needs no database. Raises ``Refused``."""
    before = judged.judge()

    def judge(*operations: str, **how: Any) -> list[str]:
        plant(*operations, **how)
        return [line for line in judged.judge() if line not in before]

    return judge


def test_all_that_a_release_may_do_at_once_is_safe(judge: Judge) -> None:
    said = judge(
        NULLABLE,
        "migrations.AddField('order', 'points', models.IntegerField(db_default=0))",
        "migrations.AlterField('order', 'line2', "
        "models.CharField(blank=True, max_length=120, verbose_name='flat'))",
        TABLE,
        STRICT,
        "migrations.AddIndex('gift', models.Index(fields=['name'], name='gift_by_name'))",
        NOT_USED,
    )
    assert said == [f"payment.{NEW}: safe"]


REFUSED = {
    DROPPED: ("DROP_COLUMN", "Remove field line2 from order"),
    "migrations.RenameField('order', 'line2', 'flat')": ("RENAME_COLUMN", "Rename field line2"),
    "migrations.RenameModel('Cart', 'Basket')": ("RENAME_TABLE", "Rename model Cart to Basket"),
    "migrations.DeleteModel('Cart')": ("DROP_TABLE", "Delete model Cart"),
    "migrations.AlterField('order', 'email', models.TextField())": ("ALTER_COLUMN", "field email"),
    FILLED: ("NOT_NULL", "Add field gift to order"),
    "migrations.AlterField('order', 'email', LineField(unique=True))": ("ADD_UNIQUE", "email"),
    "migrations.AddConstraint('order', models.CheckConstraint(condition=models.Q(total__gt=0), "
    "name='positive'))": ("ADD_CONSTRAINT", "Create constraint positive"),
    f"migrations.AddIndex('order', {INDEX})": ("CREATE_INDEX", "Create index order_by_name"),
    "migrations.RemoveIndex('cart', 'payment_open_carts')": ("DROP_INDEX", "payment_open_carts"),
    "migrations.RunSQL('ALTER TABLE payment_order DROP COLUMN line2')": ("DROP_COLUMN", "Raw SQL"),
    f"{NULLABLE}, {MOVED}": ("DATA_WITH_SCHEMA", "RunPython(forget)"),
    "migrations.RunPython(import_it)": ("RUNPYTHON_MODEL_IMPORT", "RunPython(import_it)"),
}


@pytest.mark.parametrize(
    ("operations", "why"), REFUSED.items(), ids=[code for code, _ in REFUSED.values()]
)
def test_what_stops_the_release_before_is_refused(
    judge: Judge, operations: str, why: tuple[str, str]
) -> None:
    code, operation = why
    with pytest.raises(Refused) as refused:
        judge(operations)
    (said,) = (line for line in str(refused.value).splitlines() if f" {code}, " in line)
    assert re.match(f"payment.{NEW}: '.*{re.escape(operation)}.*' is not safe", said)
    assert f"{NEW}.py" in said
    section = re.search(r"See '(.*?)' in docs/how-to/release\.md", said)
    assert section
    assert f"**{section[1]}" in HOW_TO.read_text()


def test_what_is_meant_is_allowed_with_a_reason(judge: Judge) -> None:
    said = judge(DROPPED, allowed={"DROP_COLUMN": "0.2.0 has not used it."})
    assert said == [
        f"payment.{NEW}: safe",
        "  allows DROP_COLUMN: 0.2.0 has not used it.",
    ]


def test_without_a_reason_nothing_is_allowed(judge: Judge) -> None:
    with pytest.raises(Refused, match="DROP_COLUMN, DROPPING"):
        judge(DROPPED, allowed={"DROP_COLUMN": " "})


def test_one_reason_does_not_allow_another(judge: Judge) -> None:
    with pytest.raises(Refused, match="NOT_NULL, ") as refused:
        judge(DROPPED, FILLED, allowed={"DROP_COLUMN": "0.2.0 has not used it."})
    assert "DROP_COLUMN" not in str(refused.value)


def test_a_reason_for_nothing_is_refused(judge: Judge) -> None:
    with pytest.raises(Refused, match="but nothing in it is DROP_COLUMN"):
        judge(NULLABLE, allowed={"DROP_COLUMN": "0.2.0 has not used it."})


def test_data_is_moved_alone(judge: Judge) -> None:
    assert judge(MOVED, atomic=False) == [f"payment.{NEW}: safe"]


CONCURRENTLY = (
    f"AddIndexConcurrently('order', {INDEX})",
    "RemoveIndexConcurrently('cart', 'payment_open_carts')",
)


def test_an_index_is_made_and_dropped_without_a_lock(judge: Judge) -> None:
    assert judge(*CONCURRENTLY, atomic=False) == [f"payment.{NEW}: safe"]


def test_it_cannot_be_so_in_a_transaction(judge: Judge) -> None:
    with pytest.raises(Refused, match="set atomic = False on the migration"):
        judge(*CONCURRENTLY)


@pytest.mark.usefixtures("database")
def test_such_an_index_is_made_on_sqlite_too(plant: Callable[..., None]) -> None:
    plant(*CONCURRENTLY, atomic=False)
    with redirect_stdout(io.StringIO()) as sql:
        call_command("sqlmigrate", "payment", NEW, database="payment", stdout=sql)
    assert 'CREATE INDEX "order_by_name"' in sql.getvalue()
    assert 'DROP INDEX "payment_open_carts"' in sql.getvalue()


@pytest.fixture
def stands(settings: Any, tmp_path: Path) -> Callable[[str], None]:
    """Say that the migrations of payment up to this one stand, and all of the others."""

    def say(last: str) -> None:
        stand = dict(MigrationLoader(None, ignore_no_migrations=True).graph.leaf_nodes())
        named = [f'{app} = "{name}"' for app, name in {**stand, "payment": last}.items()]
        (tmp_path / "pyproject.toml").write_text("\n".join(["[tool.extract.migrations]", *named]))
        settings.BASE_DIR = tmp_path

    return say


def test_what_stands_is_not_judged_again(judge: Judge, stands: Callable[[str], None]) -> None:
    stands(NEW)
    assert judge(DROPPED) == ["No migration came after those that stand."]


def test_only_what_there_is_can_stand(judge: Judge, stands: Callable[[str], None]) -> None:
    stands("0099_none")
    with pytest.raises(Refused, match=r"names payment\.0099_none in"):
        judge(DROPPED)


def test_it_is_part_of_the_checks(tmp_path: Path) -> None:
    """Run as ``make check`` does, in a checkout with a migration that is not safe."""
    run = "-m tests.migrations"
    assert f"$(PY) {run}; " in (ROOT / "Makefile").read_text()
    for each in ("pyproject.toml", "requirements.txt"):
        shutil.copy(ROOT / each, tmp_path)
    for each in ("apps", "extract", "shop", "tests/migrations"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / each, tmp_path / each, ignore=ignored)
    made = CLASS.format(operations=DROPPED, allowed={}, atomic=True, last=LAST)
    (tmp_path / "apps" / "payment" / "migrations" / f"{NEW}.py").write_text(HEAD + made)
    done = subprocess.run(
        [sys.executable, *run.split()],
        cwd=tmp_path, env={**os.environ, "DATA_DIR": str(tmp_path / "data")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"payment.{NEW}: 'Remove field line2 from order' is not safe")
    assert f"say why in apps/payment/migrations/{NEW}.py" in done.stderr
