"""Pairs of types that a sender and a receiver may have for the same thing, and its values.

Each strategy draws ``(sent, values, taken)``: the sender's type, a strategy for values of it,
and the receiver's type, which is often the same, often nearly, and now and then another.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal, get_origin
from uuid import UUID

import msgspec
from hypothesis import strategies as st
from msgspec import Meta

Pair = tuple[Any, st.SearchStrategy[Any], Any]
Family = dict[Any, st.SearchStrategy[Any]]


class Letter(enum.Enum):
    A = "a"
    B = "b"


class Digit(enum.Enum):
    ONE = 1
    TWO = 2


def _text(**limits: Any) -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=["Cs"]), **limits)


_zones = st.just(dt.UTC)
_ints = {
    int: st.integers(-(2**63), 2**64 - 1),
    Annotated[int, Meta(ge=1)]: st.integers(1, 9),
    Annotated[int, Meta(ge=4)]: st.integers(4, 9),
    Annotated[int, Meta(ge=2, le=4)]: st.integers(2, 4),
    Annotated[int, Meta(gt=1, lt=9)]: st.integers(2, 8),
    Annotated[int, Meta(multiple_of=3)]: st.integers(-3, 3).map(lambda n: 3 * n),
    Literal[1]: st.just(1),
    Literal[1, 2]: st.sampled_from([1, 2]),
    Digit: st.sampled_from(Digit),
}
_strings = {
    str: _text(),
    Annotated[str, Meta(min_length=1)]: _text(min_size=1),
    Annotated[str, Meta(min_length=3)]: _text(min_size=3),
    Annotated[str, Meta(min_length=2, max_length=3)]: _text(min_size=2, max_size=3),
    Annotated[str, Meta(max_length=4)]: _text(max_size=4),
    Annotated[str, Meta(pattern="^a")]: _text().map(lambda text: f"a{text}"),
    Literal["a"]: st.just("a"),
    Literal["a", "b", "c"]: st.sampled_from(["a", "b", "c"]),
    Letter: st.sampled_from(Letter),
}
_told_as_text = {
    str: _text(),
    UUID: st.uuids(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    dt.date: st.dates(),
    dt.datetime: st.datetimes(timezones=st.none() | _zones),
    Annotated[dt.datetime, Meta(tz=True)]: st.datetimes(timezones=_zones),
    Annotated[dt.datetime, Meta(tz=False)]: st.datetimes(),
    bytes: st.binary(),
    Annotated[bytes, Meta(max_length=1)]: st.binary(max_size=1),
    Annotated[bytes, Meta(max_length=2)]: st.binary(max_size=2),
}
_floats = {
    float: st.floats(allow_nan=False, allow_infinity=False),
    Annotated[float, Meta(ge=1)]: st.floats(1, 1e9),
    Annotated[float, Meta(ge=2)]: st.floats(2, 1e9),
}
_others = {
    bool: st.booleans(),
    type(None): st.none(),
    Literal["a", 1, None]: st.sampled_from(["a", 1]),
}


_now_and_then = st.sampled_from([False] * 5 + [True])
"""Differences are rare, for pairs with several are seldom compatible, and show little."""


def _twice(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    """The same for both sides, but now and then two."""
    return st.tuples(strategy, strategy, _now_and_then).map(
        lambda drawn: (drawn[0], drawn[1] if drawn[2] else drawn[0])
    )


def _of_family(family: Family) -> st.SearchStrategy[Pair]:
    return _twice(st.sampled_from(list(family))).map(
        lambda drawn: (drawn[0], family[drawn[0]], drawn[1])
    )


FAMILIES = [_ints, _strings, _told_as_text, _floats, _others]
"""Types that are near each other, each with its values."""
_scalars = st.one_of(map(_of_family, FAMILIES))
_any_scalars = _of_family({**_ints, **_strings, **_told_as_text, **_floats, **_others})


@st.composite
def structs(draw: Callable[..., Any], inner: st.SearchStrategy[Pair], tags: Any = None) -> Pair:
    """A struct on either side: fields come and go, have defaults, are in another order."""
    sent: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    taken = list(sent)
    values = {}
    sides, rarely = (
        st.sampled_from(["both"] * 8 + ["sent", "taken"]),
        st.sampled_from([False, False, True]),
    )
    names = st.lists(st.sampled_from("abcd"), unique=True, max_size=3)
    for name in draw(names):
        ours, value, theirs = draw(inner)
        side = draw(sides)
        optional, other_optional = draw(rarely), draw(rarely)
        if side != "taken":
            default = draw(value)
            sent.append((name, ours, default) if optional else (name, ours))
            values[name] = st.just(default) | value
        if side != "sent":
            taken.append((name, theirs, None) if other_optional else (name, theirs))
    as_array = draw(_now_and_then) and tags is None
    tag, other_tag = tags or draw(st.sampled_from([(None, None)] * 4 + [("t", "t"), ("t", None)]))
    shared = {"frozen": True, "kw_only": True, "array_like": as_array}
    leaves_out, is_strict = draw(st.booleans()), draw(_now_and_then)
    taken = draw(st.permutations(taken)) if draw(_now_and_then) else taken
    ours = msgspec.defstruct(_new_name(), sent, tag=tag, omit_defaults=leaves_out, **shared)
    theirs = msgspec.defstruct(
        _new_name(), taken, tag=other_tag, forbid_unknown_fields=is_strict, **shared
    )
    return ours, st.builds(ours, **values), theirs


def _new_name(count: list[int] = [0]) -> str:  # noqa: B006 (it is meant to be remembered)
    count[0] += 1
    return f"S{count[0]}"


@st.composite
def _tuples(draw: Callable[..., Any], inner: st.SearchStrategy[Pair]) -> Pair:
    """Tuples of any length, within a limit, or of a fixed one."""
    limits = st.sampled_from([{}, {}, {"max_length": 3}, {"min_length": 1}])
    ours, value, theirs = draw(inner)
    second, second_value, other_second = draw(inner)
    forms = st.sampled_from(["any", "any", "two"])
    form, other_form = draw(_twice(forms))
    limit, other_limit = draw(_twice(limits))
    values: st.SearchStrategy[Any]
    if form == "two":
        sent: Any = tuple[ours, second]
        values = st.tuples(value, second_value)
    else:
        sent = Annotated[tuple[ours, ...], Meta(**limit)] if limit else tuple[ours, ...]
        low, high = limit.get("min_length", 0), limit.get("max_length", 4)
        values = st.lists(value, min_size=low, max_size=high).map(tuple)
    if other_form == "two":
        return sent, values, tuple[theirs, other_second]
    other: Any = tuple[theirs, ...]
    return sent, values, Annotated[other, Meta(**other_limit)] if other_limit else other


@st.composite
def _unions(draw: Callable[..., Any], inner: st.SearchStrategy[Pair]) -> Pair:
    """Members of different kinds, each on one side or both; structs have tags."""
    members = {
        "int": _of_family(_unlimited(_ints)),
        "text": st.one_of(map(_of_family, (_unlimited(_strings), _unlimited(_told_as_text)))),
        "float": _of_family(_unlimited(_floats)),
        "bool": st.just((bool, st.booleans(), bool)),
        "none": st.just((type(None), st.none(), type(None))),
        "tuple": _tuples(inner),
        "x": structs(inner, ("x", "x")),
        "y": structs(inner, ("y", "y")),
    }
    sent, values, taken = [], [], []
    for name in draw(st.lists(st.sampled_from(list(members)), unique=True, min_size=1, max_size=4)):
        ours, value, theirs = draw(members[name])
        side = draw(st.sampled_from(["both"] * 6 + ["sent", "taken", "taken"]))
        if side != "taken":
            sent.append(ours)
            values.append(value)
        if side != "sent":
            taken.append(theirs)
    if not sent or not taken:
        return draw(inner)  # type: ignore[no-any-return]
    return reduce(or_, sent), st.one_of(values), reduce(or_, taken)


def _unlimited(family: Family) -> Family:
    """msgspec 0.22 can crash the interpreter over a union with a limited number or text."""
    return {kind: values for kind, values in family.items() if get_origin(kind) is not Annotated}


pairs = structs(
    st.recursive(
        st.one_of(_scalars, _scalars, _any_scalars),
        lambda inner: st.one_of(structs(inner), _tuples(inner), _unions(inner)),
        max_leaves=4,
    )
)
"""Structs, for only in a struct's fields do limits cross a contract."""
