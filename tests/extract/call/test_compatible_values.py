"""Whatever is said to be compatible is read as it was sent: for any types, and any values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, assume, find, given, settings
from hypothesis import strategies as st

from extract.call import describe
from extract.call.compatible import incompatibilities
from tests.extract.call.contracts import contract, described, struct
from tests.extract.call.pairs import FAMILIES, Family, Pair, pairs

pytestmark = pytest.mark.sqlite  # no database is asked
many = settings(
    max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@many
@given(pair=pairs)
def test_a_contract_is_compatible_with_itself(pair: Pair) -> None:
    for kind in (pair[0], pair[2]):
        same = described(arguments={"thing": kind}, result=kind)
        arrived = msgspec.json.decode(msgspec.json.encode(same))
        for shape in ("arguments", "result"):  # in other words, or they would be found equal
            arrived["methods"]["look"][shape]["schema"]["title"] = "The same"
        assert incompatibilities(caller=same, provider=arrived) == ()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_compatible_scalar_arrives_as_it_was_sent(family: Family) -> None:
    """From each type of a family to each other."""
    kinds = {struct(kind=kind): values for kind, values in family.items()}
    for sent, values in kinds.items():
        readers = [taken for taken in kinds if _fit_as_result(sent, taken)]
        assert sent in readers
        given(value=values)(settings(many, max_examples=40)(_arrives(sent, readers)))()


def _arrives(sent: Any, readers: list[Any]) -> Callable[[Any], None]:
    def arrives(value: Any) -> None:
        body = msgspec.json.encode(sent(kind=value))
        for taken in readers:
            assert _agree(body, msgspec.json.encode(msgspec.json.decode(body, type=taken)))

    return arrives


@many
@given(pair=pairs, data=st.data())
def test_a_compatible_result_arrives_as_it_was_sent(pair: Pair, data: st.DataObject) -> None:
    sent, values, taken = pair
    assume(_fit_as_result(sent, taken))
    for _ in range(5):
        body = msgspec.json.encode(data.draw(values))
        assert _agree(body, msgspec.json.encode(msgspec.json.decode(body, type=taken)))


@many
@given(pair=pairs, data=st.data())
def test_a_compatible_argument_arrives_whole(pair: Pair, data: st.DataObject) -> None:
    sent, values, taken = pair
    caller, provider = (contract(arguments={"thing": kind}) for kind in (sent, taken))
    assume(not incompatibilities(caller=describe(caller), provider=describe(provider)))
    ours, theirs = (each.methods["look"].arguments for each in (caller, provider))
    for _ in range(5):
        body = msgspec.json.encode(ours(thing=data.draw(values)))
        arrived = msgspec.json.encode(msgspec.json.decode(body, type=theirs))
        assert _agree(body, arrived, whole=True)


def _fit_as_result(sent: Any, taken: Any) -> bool:
    return not incompatibilities(caller=described(result=taken), provider=described(result=sent))


def _fit_as_argument(sent: Any, taken: Any) -> bool:
    caller, provider = (described(arguments={"thing": kind}) for kind in (sent, taken))
    return not incompatibilities(caller=caller, provider=provider)


@pytest.mark.parametrize("fits", [_fit_as_argument, _fit_as_result])
def test_the_pairs_are_worth_drawing(fits: Callable[[Any, Any], bool]) -> None:
    """Among them are compatible ones that differ."""

    def tells(pair: Pair) -> bool:
        sent, _, taken = pair
        return fits(sent, taken) and not fits(taken, sent) and len(sent.__struct_fields__) > 1

    # Which is the smallest is nobody's matter.
    find(pairs, tells, settings=settings(many, max_examples=2000, phases=[Phase.generate]))


def _agree(sent: bytes, arrived: bytes, *, whole: bool = False) -> bool:
    """Whether what arrived says the same as what was sent, wherever it says anything."""
    return _same(msgspec.json.decode(sent), msgspec.json.decode(arrived), whole)


def _same(sent: Any, arrived: Any, whole: bool) -> bool:
    if isinstance(sent, dict) and isinstance(arrived, dict):
        return not (whole and sent.keys() - arrived.keys()) and all(
            _same(sent[name], arrived[name], whole) for name in sent.keys() & arrived.keys()
        )
    if isinstance(sent, list) and isinstance(arrived, list):
        return not (whole and len(sent) > len(arrived)) and all(
            _same(one, other, whole) for one, other in zip(sent, arrived, strict=False)
        )
    return type(sent) is type(arrived) and bool(sent == arrived)
