"""A short name for a UUID, for people."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.text import short_id, uuids_called

pytestmark = pytest.mark.sqlite


@given(st.uuids())
def test_a_uuid_is_among_those_that_are_called_so(one: uuid.UUID) -> None:
    name = short_id(one)
    written = name.lower().replace("0", "o").replace("1", "l").replace("-", " ")
    for spelling in (name, name.replace("-", ""), written, f" {name}"):
        between = uuids_called(spelling)
        assert between
        assert between[0] <= one <= between[1]
        assert {short_id(each) for each in between} == {name}
        for beyond in (between[0].int - 1, between[1].int + 1):
            if 0 <= beyond < 2**128:
                assert short_id(uuid.UUID(int=beyond)) != name


def test_it_is_nine_letters_that_nobody_mistakes() -> None:
    assert short_id(uuid.UUID("00000000-0000-4000-8000-000000000000")) == "000-000-000"
    assert short_id(uuid.UUID("ffffffff-ffff-4fff-bfff-ffffffffffff")) == "ZZZ-ZZZ-ZZZ"
    assert short_id(uuid.UUID("08a7f4c2-9d3e-4b7a-8f11-23456789abcd")) == "12K-Z9G-MX7"


@pytest.mark.parametrize("text", ["", "ada@example.com", "4G7-ZK1", "4G7-ZK1-Q0U", "4G7-ZK1-Q0M-1"])
def test_nothing_else_is_one(text: str) -> None:
    assert uuids_called(text) is None
