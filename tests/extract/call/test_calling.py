"""The same call, result and error, whichever way it goes."""

from __future__ import annotations

import datetime as dt
import enum
import pickle
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from extract.call import (
    LOCAL,
    Binding,
    CallInsideTransaction,
    CallRefused,
    Contract,
    DeclaredError,
    Effect,
    Fault,
    NotSent,
    OutcomeUnknown,
    Wire,
    bound,
    current_context,
    handle,
    new_context,
    once,
    provides,
    repeatable,
    using_context,
)
from extract.call.endpoint import TOO_LATE, answer, headers_of
from extract.data import owned

APP = "product"


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    price: Decimal
    made: dt.datetime
    number: UUID
    colour: Colour | None
    data: bytes
    children: tuple[Part, ...] = ()


class Short(DeclaredError):
    """Only {left} of {name} are left."""

    name: str
    left: int
    since: dt.date


class Undeclared(DeclaredError):
    """Nobody said that this could happen."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    correlation_id: str
    trace: str
    subject: str
    roles: tuple[str, ...]
    time_left: float


class Echo(Contract, app=APP):
    @repeatable()
    def echo(self, *, part: Part) -> Part: ...

    @repeatable(raises=(Short,))
    def short(self, *, name: str, left: int) -> None: ...

    @repeatable()
    def undeclared(self) -> None: ...

    @repeatable()
    def broken(self) -> None: ...

    @repeatable()
    def count(self) -> int: ...

    @once()
    def count_once(self) -> int: ...

    @repeatable()
    def surroundings(self) -> Seen: ...


calls: list[str] = []


@provides
class EchoProvider(Echo):
    def echo(self, *, part: Part) -> Part:
        return part

    def short(self, *, name: str, left: int) -> None:
        raise Short(name=name, left=left, since=dt.date(2020, 2, 29))

    def undeclared(self) -> None:
        raise Undeclared()

    def broken(self) -> None:
        raise ZeroDivisionError

    def count(self) -> int:
        calls.append("count")
        return len(calls)

    def count_once(self) -> int:
        calls.append("count_once")
        return len(calls)

    def surroundings(self) -> Seen:
        context = current_context()
        return Seen(
            correlation_id=context.correlation_id,
            trace=context.traceparent.split("-")[1],
            subject=context.subject,
            roles=context.roles,
            time_left=context.time_left,
        )


echo = handle(Echo)


@pytest.fixture(params=[LOCAL, Wire()], ids=["local", "wire"])
def any_binding(request: pytest.FixtureRequest) -> Iterator[Binding]:
    calls.clear()
    with bound(request.param, APP):
        yield request.param


names = st.text(st.characters(exclude_categories=["Cs"]))
parts = st.recursive(
    st.builds(
        Part,
        name=names,
        price=st.decimals(allow_nan=False, allow_infinity=False),
        made=st.datetimes(timezones=st.just(dt.UTC)),
        number=st.uuids(),
        colour=st.none() | st.sampled_from(Colour),
        data=st.binary(),
    ),
    lambda inner: st.builds(
        lambda part, children: msgspec.structs.replace(part, children=tuple(children)),
        inner,
        st.lists(inner, max_size=3),
    ),
    max_leaves=5,
)


@given(part=parts)
def test_values_arrive_as_they_were_sent(part: Part) -> None:
    for binding in (LOCAL, Wire()):
        with bound(binding, APP):
            assert echo.echo(part=part) == part


@given(name=names, left=st.integers(-(2**63), 2**63 - 1))
def test_a_declared_error_arrives_as_the_same_type(name: str, left: int) -> None:
    for binding in (LOCAL, Wire()):
        with bound(binding, APP), pytest.raises(Short) as caught:
            echo.short(name=name, left=left)
        assert caught.value.fields == Short(name=name, left=left, since=dt.date(2020, 2, 29)).fields
        assert str(caught.value) == f"Only {left} of {name} are left."


def test_a_declared_error_survives_pickling() -> None:
    error = Short(name="a", left=1, since=dt.date(2020, 1, 1))
    assert pickle.loads(pickle.dumps(error)).fields == error.fields


@pytest.mark.parametrize("method", ["undeclared", "broken"])
def test_any_other_failure_leaves_the_outcome_unknown(any_binding: Binding, method: str) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        getattr(echo, method)()
    assert caught.value.effect is Effect.UNKNOWN


def test_bad_arguments_are_refused_before_anything_is_done(any_binding: Binding) -> None:
    with pytest.raises(CallRefused):
        echo.count(more=1)  # type: ignore[call-arg]
    assert calls == []


def test_on_the_wire_what_may_be_repeated_is_delivered_twice_and_what_may_not_once() -> None:
    calls.clear()
    with bound(Wire(), APP):
        assert echo.count() == 2
        assert echo.count_once() == 3
    assert calls == ["count", "count", "count_once"]


def test_injected_failures_say_what_is_known_of_the_effect() -> None:
    calls.clear()
    with bound(Wire(fault=lambda method: Fault.REFUSE_CONNECTION), APP):
        with pytest.raises(NotSent):
            echo.count_once()
    assert calls == []
    with bound(Wire(fault=lambda method: Fault.LOSE_ANSWER), APP):
        with pytest.raises(OutcomeUnknown):
            echo.count_once()
    assert calls == ["count_once"]


def test_the_surroundings_travel_along(any_binding: Binding) -> None:
    context = new_context(
        correlation_id="abc-1", subject="somebody", roles=("customer", "staff"), seconds=5
    )
    with using_context(context):
        seen = echo.surroundings()
    assert seen.correlation_id == "abc-1"
    assert seen.trace == context.traceparent.split("-")[1]
    assert (seen.subject, seen.roles) == ("somebody", ("customer", "staff"))
    assert 4 < seen.time_left <= 5


def test_no_call_starts_past_its_deadline(any_binding: Binding) -> None:
    with using_context(new_context(seconds=-1)), pytest.raises(NotSent):
        echo.count()
    assert calls == []


def test_an_answer_after_the_deadline_comes_too_late() -> None:
    calls.clear()
    with bound(Wire(latency=0.05), APP), using_context(new_context(seconds=0.02)):
        with pytest.raises(OutcomeUnknown, match="deadline passed before the answer"):
            echo.count_once()
    assert calls == ["count_once"]


def test_a_provider_starts_nothing_past_the_deadline() -> None:
    calls.clear()
    headers = headers_of(new_context(seconds=-1))
    status, _ = answer(Echo.methods["count_once"], headers, b"{}")
    assert (status, calls) == (TOO_LATE, [])


@pytest.mark.parametrize("alias", ["default", "payment", "product"])
def test_a_call_inside_a_transaction_is_refused(
    any_binding: Binding, database: None, alias: str
) -> None:
    with transaction.atomic(using=alias), pytest.raises(CallInsideTransaction):
        echo.count()
    with owned("payment"), pytest.raises(CallInsideTransaction):
        echo.count()
    assert calls == []
    echo.count()
