"""The page with the way of a request: who may see it, and what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from tests.extract.observe.test_traces import BROKEN, hop

pytestmark = pytest.mark.usefixtures("database")
PAGE = "/admin/extract/trace/"


@pytest.fixture
def logs(tmp_path: Path, settings: LazySettings) -> Path:
    settings.LOG_DIR = tmp_path
    error = {**BROKEN, "error.type": "KeyError", "error.message": "<b>gone</b>"}
    where = {"log.origin.file.name": "apps/invoice/services.py", "log.origin.file.line": 42}
    lines = [
        hop("POST checkout", "1", ms=90), hop("invoice.issue", "2", "1", at=3, **error, **where),
        hop("invoice.issue", "3", "1", at=50, **{"labels.attempt": "2"}),
    ]  # fmt: skip
    text = "\n".join(json.dumps(line, separators=(",", ":")) for line in lines)
    (tmp_path / "shop.jsonl").write_text(text)
    return tmp_path


def test_it_shows_each_hop_and_where_to_look_first(operator: Client, logs: Path) -> None:
    answer = operator.get(PAGE, {"id": "id-1"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.index("POST checkout") < page.index("Failed: invoice.issue") < page.index("try 2")
    assert "KeyError: &lt;b&gt;gone&lt;/b&gt;" in page
    assert page.count("<code>apps/invoice/services.py:42</code>") == 2


def test_what_no_line_names_is_said_to_be_unknown(operator: Client, logs: Path) -> None:
    page = operator.get(PAGE, {"id": "nobody knows"}).content.decode()
    assert "No line of any process names nobody knows." in page
    assert operator.get(PAGE).status_code == 200


def test_lines_that_cannot_be_read_are_no_broken_page(
    operator: Client, tmp_path: Path, settings: LazySettings
) -> None:
    settings.LOG_DIR = tmp_path / "nothing here"
    answer = operator.get(PAGE, {"id": "id-1"})
    assert answer.status_code == 503
    assert "No process has kept its lines in" in answer.content.decode()


def test_it_is_for_those_who_may_see_the_map(
    client: Client, signed_in: Callable[..., Client]
) -> None:
    assert client.get(PAGE).status_code == 302
    assert signed_in().get(PAGE, {"id": "id-1"}).status_code == 403
