"""``manage.py extract audit``: what it prints and how it ends."""

from __future__ import annotations

import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from apps.payment.models import Charge, LedgerEntry, Order
from extract.audit import reading
from tests.planting import change

SENTENCE = "The ledger sums to zero per currency."


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading.audit, "__kwdefaults__", {
        **reading.audit.__kwdefaults__, "pauses": (0, 0)
    })  # fmt: skip


def audited(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("extract", "audit", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_a_shop_at_peace_passes(order: Order) -> None:
    code, said = audited()
    assert (code, "invariants hold." in said) == (0, True), said
    code, said = audited("--json")
    assert (code, json.loads(said)) == (0, {"ok": True, "broken": []})


def test_a_breach_ends_with_1_and_the_rows(order: Order) -> None:
    entry = LedgerEntry.objects.filter(account="sales").first()
    assert entry is not None
    change(LedgerEntry.objects.filter(pk=entry.pk), amount=F("amount") + 1)
    code, said = audited("--json")
    answer = json.loads(said)
    assert code == 1
    assert answer["ok"] is False
    assert all(each.keys() == {"invariant", "rows"} for each in answer["broken"])
    ((row,),) = (each["rows"] for each in answer["broken"] if each["invariant"] == SENTENCE)
    assert (row["currency"], Decimal(row["balance"])) == ("GBP", 1)
    code, said = audited()
    assert code == 1
    assert f"BROKEN  {SENTENCE}" in said
    assert "currency GBP" in said


def test_many_rows_are_all_in_the_json(order: Order) -> None:
    change(Charge.objects.all(), amount=F("amount") + 1)
    code, said = audited("--json")
    broken = {each["invariant"]: each["rows"] for each in json.loads(said)["broken"]}
    assert code == 1
    assert len(broken["An order's total, its charge and its invoice are the same amount."]) == 2


def test_an_unknown_verb_is_refused() -> None:
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("extract", "dance")
