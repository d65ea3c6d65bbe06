"""Bugs that would lose or repeat events, planted one by one: each is noticed.

The trials are those of ``test_every_statement``; without the bug they find nothing.
"""

from __future__ import annotations

import pytest

from tests.extract.event.scene import PUBLISHER, SUBSCRIBER
from tests.faults.event.points import TAKEN
from tests.faults.event.trial import LOST, REPEATED, TOO_SOON, TWICE, UNFOUNDED, Trial

PUBLISHED = f"publish: {PUBLISHER} COMMIT"
FIRST_STEP = f"consume: {SUBSCRIBER} INSERT extract_inboxevent"
RECORDED = f"consume: {SUBSCRIBER} COMMIT"


def breaches(trial: Trial, *plants: str, at: str, after: bool = False) -> list[str]:
    """Of whoever dies there with the bugs; it is made sure that there are none without them."""
    assert trial.killed(trial.moment(at, after=after))[1] == []
    return trial.killed(trial.moment(at, *plants, after=after), *plants)[1]


pytestmark = pytest.mark.sqlite
"""What the bugs do is the same on both; the trials that find them run on PostgreSQL."""


def test_without_an_inbox_an_event_takes_effect_again(trial: Trial) -> None:
    assert REPEATED in breaches(trial, "no_inbox", at=RECORDED, after=True)


def test_acknowledged_early_a_message_does_not_come_again(trial: Trial) -> None:
    assert trial.comes_again(after=FIRST_STEP) == []
    assert LOST in trial.comes_again("early_acknowledgement", after=FIRST_STEP)


def test_acknowledged_early_an_event_is_lost_if_nobody_asks_the_inbox(trial: Trial) -> None:
    plants = "early_acknowledgement", "confirm_before_commit"
    assert LOST in breaches(trial, *plants, at=FIRST_STEP)


def test_acknowledged_early_an_event_is_sent_again_if_the_inbox_is_asked(trial: Trial) -> None:
    assert breaches(trial, "early_acknowledgement", at=FIRST_STEP) == []


def test_published_before_the_commit_an_event_tells_of_what_never_was(trial: Trial) -> None:
    assert UNFOUNDED in breaches(trial, "publish_before_commit", at=PUBLISHED)


def test_without_a_lease_two_relays_hand_the_same_over(trial: Trial) -> None:
    assert trial.healthy(has_rival=True)[1] == []
    assert trial.healthy("no_lease", has_rival=True)[1] == [TWICE]


def test_confirmed_early_an_event_is_lost_with_its_message(trial: Trial) -> None:
    assert LOST in breaches(trial, "confirm_before_commit", at=f"consume: {TAKEN}")


def test_confirmed_early_is_noticed_even_if_the_message_comes_again(trial: Trial) -> None:
    assert breaches(trial, "confirm_before_commit", at=RECORDED) == [TOO_SOON]
