"""One process publishes, relays, consumes and confirms; it dies before and after every statement.

Then either the change was never made, and its event has no effect; or the event has taken effect
once, and whoever goes on leaves nothing to do.
"""

from __future__ import annotations

import signal

import pytest

from tests.extract.event.scene import PUBLISHER, SUBSCRIBER, inbox, recorded
from tests.faults.event.journey import PHASES, QUEUE, SECOND_STEP, THING, WORKER
from tests.faults.event.points import ACKNOWLEDGED, PUT, TAKEN
from tests.faults.event.trial import Life, Trial


def test_without_a_death_each_phase_comes_to_its_end(trial: Trial) -> None:
    life, breaches = trial.healthy()
    assert breaches == []
    assert life.end == 0
    assert list(dict.fromkeys(done.partition(":")[0] for done in life.done)) == list(PHASES)
    for what in (
        f"publish: {PUBLISHER} COMMIT",
        f"relay: {PUT} {QUEUE}",
        f"consume: {TAKEN}",
        f"consume: {SUBSCRIBER} COMMIT",
        f"consume: {SECOND_STEP}",
        f"consume: {ACKNOWLEDGED}",
        f"confirm: {PUBLISHER} COMMIT",
    ):
        assert what in life.done


@pytest.mark.postgresql
@pytest.mark.parametrize("phase", PHASES)
def test_whoever_dies_in(phase: str, trial: Trial) -> None:
    healthy, _ = trial.healthy()
    moments = [n for n, what in enumerate(healthy.done) if what.startswith(phase)]
    found = {}
    for moment in moments:
        life, breaches = trial.killed(moment)
        assert life == Life(-signal.SIGKILL, healthy.done[:moment])
        if breaches:
            found[f"before {healthy.done[moment]}, the {moment}th"] = breaches
    assert len(moments) >= 6
    assert found == {}


def test_a_second_relay_at_the_same_time_hands_nothing_over(trial: Trial) -> None:
    _, breaches = trial.healthy(has_rival=True)
    assert breaches == []


def test_what_waits_at_the_broker_is_taken_by_whoever_comes(trial: Trial) -> None:
    trial.killed_at(f"consume: {WORKER}")
    assert trial.messages() == 1
    trial.live("work_on")
    assert recorded(THING) == [1]


def test_what_the_broker_gave_away_and_did_not_note_is_gone_until_it_is_sent_again(
    trial: Trial,
) -> None:
    trial.killed_at(f"consume: {TAKEN}")
    assert trial.messages() == 0
    trial.live("work_on")
    assert inbox() == []
    trial.live("go_on")
    assert recorded(THING) == [1]


@pytest.mark.parametrize(
    "done_before",
    [TAKEN, f"{SUBSCRIBER} INSERT extract_inboxevent", f"{SUBSCRIBER} SELECT extract_inboxevent"],
    ids=["untouched", "in the first step", "done"],
)
def test_what_was_taken_and_not_acknowledged_comes_again(done_before: str, trial: Trial) -> None:
    assert trial.comes_again(after=f"consume: {done_before}") == []


def test_what_was_acknowledged_does_not_come_again(trial: Trial) -> None:
    trial.killed_at(f"consume: {ACKNOWLEDGED}", after=True)
    assert trial.messages() == 0
    assert trial.live("work_on").done == []
