"""The list of problems in the documentation is that of the code."""

from __future__ import annotations

import re
from pathlib import Path

import shop.urls  # noqa: F401  (every view, and with them every kind of problem)
from apps.payment import problems, refusals
from extract.data.idempotency import Answer
from extract.edge.problem import declared_problems

ROOT = Path(__file__).resolve().parents[2]
LISTED = ROOT / "docs" / "problems.md"
ROW = re.compile(r"\| `/problems/([a-z-]+)` \| (\d+) \| (.+?) \| (.+?) \|")
REFUSED = re.compile(r"\b(?:problem|_refused)\(\s*problems\.(\w+)")


def test_every_kind_is_listed_as_it_is() -> None:
    rows = [row.groups() for row in ROW.finditer(LISTED.read_text())]
    documented = {kind.type: (kind.__doc__ or "").splitlines()[0] for kind in declared_problems()}
    assert [slug for slug, *_ in rows] == sorted(documented)
    assert {slug: meaning for slug, _, meaning, _ in rows} == documented
    statuses = {kind.type: str(kind.status) for kind in declared_problems()}
    assert {slug: status for slug, status, *_ in rows} == statuses


def test_refusals_are_of_declared_kinds() -> None:
    kinds = {kind.type: kind for kind in declared_problems()}
    made = [refusals.out_of_stock([]), refusals.declined("")]
    made += [found for found in vars(refusals).values() if isinstance(found, Answer)]
    for answer in made:
        kind = kinds[answer.body["type"].removeprefix("/problems/")]
        assert (answer.status, answer.body["title"]) == (kind.status, kind.title)
    slugs = {
        getattr(problems, name).type
        for source in (ROOT / "apps").rglob("*.py")
        for name in REFUSED.findall(source.read_text())
    }
    assert "unknown-line" in slugs
    assert slugs <= set(kinds)
