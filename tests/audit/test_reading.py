"""The audit reports what stays broken, and nothing that was only under way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count

import pytest

from extract.audit import Invariant, Row, audit, by_key, invariant, invariants, side_by_side

Check = Callable[[], Iterable[Row]]


def of(check: Check, sentence: str = "It holds.") -> Invariant:
    return Invariant(sentence=sentence, app=None, check=check)


def test_what_holds_is_read_once_and_without_a_pause() -> None:
    pauses: list[float] = []
    assert audit(checks=[of(lambda: ())], sleep=pauses.append) == ()
    assert pauses == []


def test_a_row_that_stays_is_reported_as_it_was_last_read() -> None:
    readings = count(1)
    check = of(lambda: [{"order": 7, "reading": next(readings)}])
    (broken,) = audit(checks=[check], delays=(0, 0))
    assert broken.invariant == "It holds."
    assert broken.rows == ({"order": 7, "reading": 3},)


def test_a_row_that_is_gone_at_a_second_look_is_not_reported() -> None:
    suspects = [{"order": 7}]
    check = of(lambda: list(suspects))
    assert audit(checks=[check], delays=(0.1,), sleep=lambda _: suspects.clear()) == ()


def test_new_suspects_at_each_look_are_the_shop_at_work() -> None:
    orders = count()
    check = of(lambda: [{"order": next(orders)}])
    assert audit(checks=[check], delays=(0, 0, 0)) == ()


def test_pauses_grow_and_only_suspects_are_read_again() -> None:
    calm, pauses = [], []
    checks = [
        of(lambda: calm.append(1) or (), "This one holds."),  # type: ignore[func-returns-value]
        of(lambda: [{"order": 7}], "This one does not."),
    ]
    (broken,) = audit(checks=checks, sleep=pauses.append)
    assert broken.invariant == "This one does not."
    assert calm == [1]
    assert len(pauses) > 2
    assert pauses == sorted(pauses)


def test_two_invariants_may_not_say_the_same() -> None:
    sentence = invariants()[0].sentence
    with pytest.raises(ValueError, match="needs a sentence of its own"):
        invariant(sentence)(lambda: ())


def test_invariants_are_found_in_apps_between_apps_and_in_the_layer() -> None:
    modules = {known.check.__module__ for known in invariants()}
    assert {"extract.invariants", "apps.payment.invariants", "shop.invariants"} <= modules


def test_streams_are_aligned_by_key() -> None:
    left, right = [(1, "a"), (2, "b"), (2, "c")], [(2, "x"), (3, "y")]
    assert list(side_by_side(left, right)) == [
        (1, ([("a",)], [])),
        (2, ([("b",), ("c",)], [("x",)])),
        (3, ([], [("y",)])),
    ]


def test_rows_are_read_in_the_order_of_their_key(database: None) -> None:
    import uuid

    from apps.product.models import Reservation
    from extract.data import owned

    ids = [uuid.UUID(int=n << 96 | 5) for n in (9, 1, 0xFFFFFFFF, 0xA0)]
    with owned("product"):
        Reservation.objects.bulk_create(Reservation(checkout=each) for each in ids)
    assert [key for (key,) in by_key(Reservation.objects.all(), "checkout")] == sorted(ids)
