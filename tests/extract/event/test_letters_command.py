"""``manage.py extract dead-letters``: what it prints, does and refuses."""

from __future__ import annotations

import getpass
import json
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from extract.data import owned
from extract.event import letters_command
from extract.event.background import drain
from extract.event.letters import letters, retry
from extract.event.models import InboxEvent, Verdict
from tests.extract.event.scene import SUBSCRIBER, Counter, count, fail, inbox, recorded

IDS = [
    UUID("aaaaaaaa-0000-4000-8000-000000000001"),
    UUID("aaaaaaaa-0000-4000-8000-000000000002"),
    UUID("bbbbbbbb-0000-4000-8000-000000000003"),
]


@pytest.fixture
def dead(counter: Counter, settings: Any) -> Counter:
    """Dead letters with these ``IDS``, of the aggregates "a", "b" and "c"."""
    settings.EXTRACT_MAX_ATTEMPTS = 1
    counter.recording = fail
    for thing, event_id in zip("abc", IDS, strict=True):
        count(thing, 1)
        drain()
        with owned(SUBSCRIBER):
            rows = InboxEvent.objects.using(SUBSCRIBER).filter(aggregate=thing)
            assert rows.update(event_id=event_id)
    counter.recording = lambda event: None
    return counter


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def said(*arguments: str, out: StringIO | None = None) -> str:
    out = out or StringIO()
    call_command("extract", "dead-letters", *arguments, stdout=out)
    return out.getvalue()


def refused(*arguments: str) -> str:
    """The message; nothing was decided."""
    with pytest.raises(CommandError) as error:
        said(*arguments)
    assert not Verdict.objects.using(SUBSCRIBER).exists()
    assert len(letters()) == len(IDS)
    return str(error.value)


@pytest.mark.usefixtures("database")
def test_none_is_said_in_a_sentence() -> None:
    for arguments in (["list"], ["retry", "--all"], ["discard", "--all", "--app", "receipt"]):
        assert said(*arguments) == "There are no dead letters.\n"
    assert json.loads(said("list", "--json")) == json.loads(said("retry", "--all", "--json")) == []


def test_each_is_a_line(dead: Counter) -> None:
    lines = said("list").splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(f"{IDS[0]} payment product.Counted of a: 1 attempts, dead since 20")
    assert lines[0].endswith("Broken: a 1")
    assert said("list", str(IDS[2])).splitlines() == lines[2:]
    assert said("list", "--app", "receipt") == "There are no dead letters.\n"


def test_on_a_terminal_they_are_a_table(dead: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    table = said("list", out=Terminal())
    assert "dead since" in table
    assert all(str(event_id) in table for event_id in IDS)
    assert "\x1b[" in table


def test_as_json_they_are_whole(dead: Counter) -> None:
    found = json.loads(said("list", "--json"))
    assert [each["event_id"] for each in found] == [str(event_id) for event_id in IDS]
    assert found[0].keys() == {
        "event_id", "app", "type", "aggregate", "attempts", "error", "since", "correlation_id",
        "payload", "behind",
    }  # fmt: skip
    assert json.loads(found[0]["payload"]) == {"thing": "a", "number": 1}


def test_the_chosen_are_retried_by_their_ids_or_how_these_begin(dead: Counter) -> None:
    told = said("retry", str(IDS[0]), "bbbbbb")
    assert told.splitlines() == [
        f"Retried: {IDS[0]} payment product.Counted of a.",
        f"Retried: {IDS[2]} payment product.Counted of c.",
    ]
    drain()
    assert (recorded("a"), recorded("b"), recorded("c")) == ([1], [], [1])
    by = {verdict.by for verdict in Verdict.objects.using(SUBSCRIBER)}
    assert {each.partition("@")[0] for each in by} == {getpass.getuser()}
    assert all(each.partition("@")[2] for each in by)


def test_an_id_may_be_written_with_or_without_dashes_and_twice(dead: Counter) -> None:
    said("discard", IDS[0].hex.upper(), str(IDS[0]), str(IDS[1])[:-1] + "2")
    assert [each.event_id for each in letters()] == [IDS[2]]
    assert [row.state for row in inbox()] == ["discarded", "discarded", "dead"]


def test_all_are_decided_at_once(dead: Counter) -> None:
    decided = json.loads(said("discard", "--all", "--json"))
    assert [each["event_id"] for each in decided] == [str(event_id) for event_id in IDS]
    assert decided[0] == {
        "event_id": str(IDS[0]), "app": "payment", "type": "product.Counted", "aggregate": "a",
        "decision": "discarded",
    }  # fmt: skip
    assert letters() == []


def test_whatever_is_wrong_is_said_at_once_and_nothing_is_done(dead: Counter) -> None:
    message = refused("retry", str(IDS[2]), "cccccccc", "aaaaaaaa", "bbbbb", "zebras")
    assert message.startswith("Nothing was done: ")
    assert "cccccccc is no dead letter" in message
    assert f"aaaaaaaa may be {IDS[0]} of payment or {IDS[1]} of payment" in message
    assert "'bbbbb' is too short: give 6 characters at least" in message
    assert "zebras is no dead letter" in message
    assert str(IDS[2]) not in message
    assert "zebras" in refused("list", "zebras")


@pytest.mark.parametrize("what", ["retry", "discard"])
def test_it_is_said_which(dead: Counter, what: str) -> None:
    sentence = f"Say which dead letters to {what}: by their ids, or --all."
    assert refused(what) == sentence
    assert refused(what, str(IDS[0]), "--all") == sentence
    assert "nobody" in refused(what, "--all", "--app", "nobody")


def test_the_same_event_in_two_inboxes_needs_an_app(dead: Counter) -> None:
    row = inbox("a")[0]
    row.pk, row.consumer = None, "receipt"
    with owned("receipt"):
        row.save(using="receipt", force_insert=True)
    with pytest.raises(CommandError, match="give more of it, or --app"):
        said("retry", str(IDS[0]))
    said("retry", str(IDS[0]), "--app", "receipt")
    assert inbox("a")[0].state == "dead"
    assert InboxEvent.objects.using("receipt").get().state == "waiting"


def test_what_somebody_else_decided_meanwhile_is_said(
    dead: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(app: str, event_ids: list[UUID], *, by: str) -> list[Verdict]:
        retry(app, event_ids[:1], by="olive")
        return retry(app, event_ids, by=by)

    monkeypatch.setitem(letters_command.DECISIONS, "retry", late)
    lines = said("retry", "--all").splitlines()
    assert len(lines) == 3
    assert lines[-1] == "Somebody else decided 1 of them meanwhile."
