"""Which changes of a contract keep a caller from calling a provider, and what is said of them."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta

from extract.call import contracts_served, describe
from extract.call.compatible import Description, incompatibilities
from tests.extract.call.contracts import (
    Colour,
    MoreColours,
    Tree,
    described,
    error,
    event,
    struct,
)


class Number(enum.Enum):
    ONE = 1


class Cat(msgspec.Struct, frozen=True, tag=True):
    lives: int


class Dog(msgspec.Struct, frozen=True, tag=True):
    name: str


class Cow(msgspec.Struct, frozen=True, tag=True):
    name: str


class Row(msgspec.Struct, frozen=True, array_like=True):
    sku: str
    count: int = 1


class LongRow(msgspec.Struct, frozen=True, array_like=True):
    sku: str
    count: int = 1
    note: str = ""


class EmptyRow(msgspec.Struct, frozen=True, array_like=True):
    pass


class OptionalRow(msgspec.Struct, frozen=True, array_like=True):
    sku: str = ""


class SameTree(msgspec.Struct, frozen=True):
    name: str
    children: tuple[SameTree, ...] = ()


NON_EMPTY, SHORT = Annotated[str, Meta(min_length=1)], Annotated[str, Meta(max_length=5)]
AWARE, NAIVE = Annotated[dt.datetime, Meta(tz=True)], Annotated[dt.datetime, Meta(tz=False)]

WIDER = {
    "nullable": (int, int | None),
    "union": (int, int | str),
    "union with float": (int, int | float),
    "union in another order": (int | str, str | None | int),
    "literal": (Literal["a"], Literal["a", "b"]),
    "literal of two kinds": (Literal["a"], Literal["a", 1, None]),
    "literal to its type": (Literal["a", "b"], str),
    "literal beside its type": (Literal["a"], Literal["b"] | str),
    "enum": (Colour, MoreColours),
    "enum to its values": (Colour, Literal["blue", "red"] | None),
    "enum to text": (Colour, str),
    "number enum to int": (Number, int),
    "id to text": (UUID, str),
    "date to text": (dt.date, str),
    "time to text": (dt.datetime, str),
    "amount to text": (Decimal, str),
    "aware time": (AWARE, dt.datetime),
    "naive time": (NAIVE, dt.datetime),
    "lower limit": (NON_EMPTY, str),
    "upper limit": (SHORT, str),
    "looser lower limit": (Annotated[int, Meta(ge=5)], Annotated[int, Meta(ge=1)]),
    "looser upper limit": (Annotated[int, Meta(lt=5)], Annotated[int, Meta(lt=9)]),
    "bytes": (Annotated[bytes, Meta(max_length=1)], Annotated[bytes, Meta(max_length=2)]),
    "shorter tuple": (Annotated[tuple[int, ...], Meta(max_length=5)], tuple[int, ...]),
    "tuple of fixed length": (tuple[int, int], tuple[int, ...]),
    "empty tuple": (tuple[()], tuple[int, ...]),
    "in a tuple": (tuple[int, ...], tuple[int | None, ...]),
    "in a fixed tuple": (tuple[int, str], tuple[int, str | None]),
    "field with a default": (struct(a=int), struct(a=int, b=(int, 0))),
    "field that may be left out": (struct(a=int), struct(a=(int, 0))),
    "in a struct": (struct(a=int), struct(a=int | None)),
    "tagged": (Cat, Cat | Dog),
    "more tags": (Cat | Dog | None, Cow | Dog | Cat | int | None),
    "row": (Row, LongRow),
    "empty row": (EmptyRow, OptionalRow),
    "recursive": (Tree, SameTree),
}
"""By what changes: a narrow type, and one that reads all there is of it, and knows all of it."""

APART = {
    "int and str": (int, str),
    "int and bool": (int, bool),
    "a number's text": (Decimal, int),
    "an int that a float could round": (int, float),
    "bytes are not their base64 text": (bytes, str),
    "date and time": (dt.date, dt.datetime),
    "aware and naive": (AWARE, NAIVE),
    "id and amount": (UUID, Decimal),
    "text and number": (Literal["1"], Literal[1]),
    "limits that only overlap": (NON_EMPTY, SHORT),
    "patterns": (Annotated[str, Meta(pattern="^a")], Annotated[str, Meta(pattern="^ab")]),
    "multiples": (Annotated[int, Meta(multiple_of=4)], Annotated[int, Meta(multiple_of=3)]),
    "tuple and its item": (tuple[int, ...], int),
    "lengths": (tuple[int, int], tuple[int, int, int]),
    "struct and scalar": (struct(a=int), int),
    "tags": (Cat | Dog, Cow | int),
    "one tag": (Dog, Cow),
    "fields that are both needed": (struct(a=int), struct(b=int)),
}
"""Pairs of which neither reads the other."""


def as_argument(kind: Any) -> Description:
    """The limits of a type cross as those of a struct's field."""
    return described(arguments={"thing": struct("Holder", held=kind)})


def as_result(kind: Any) -> Description:
    return described(result=struct("Holder", held=kind))


def as_error(kind: Any) -> Description:
    return described(errors=(error(thing=struct("Holder", held=kind)),))


def as_event(kind: Any) -> Description:
    return described(events=(event(thing=struct("Holder", held=kind)),))


@pytest.mark.parametrize("change", WIDER)
def test_what_travels_may_be_narrower_than_what_is_read(change: str) -> None:
    narrow, wide = WIDER[change]
    assert incompatibilities(caller=as_argument(narrow), provider=as_argument(wide)) == ()
    for place in (as_result, as_error, as_event):
        assert incompatibilities(caller=place(wide), provider=place(narrow)) == ()


@pytest.mark.parametrize("change", WIDER)
def test_what_travels_may_not_be_wider_than_what_is_read(change: str) -> None:
    narrow, wide = WIDER[change]
    fine = change in ("recursive",)  # the same by another name
    assert fine is not bool(
        incompatibilities(caller=as_argument(wide), provider=as_argument(narrow))
    )
    fine |= change in (
        "field with a default",
        "row",
        "empty row",
    )  # a caller ignores what it does not know
    for place in (as_result, as_error, as_event):
        assert fine is not bool(incompatibilities(caller=place(narrow), provider=place(wide)))


@pytest.mark.parametrize("change", APART)
def test_what_cannot_be_read_is_refused_either_way(change: str) -> None:
    for place in (as_argument, as_result, as_error, as_event):
        one, other = (place(kind) for kind in APART[change])
        assert incompatibilities(caller=one, provider=other) != ()
        assert incompatibilities(caller=other, provider=one) != ()


def test_the_apps_contracts_are_compatible_with_themselves_also_after_a_journey() -> None:
    for each in contracts_served():
        description = describe(each)
        arrived = msgspec.json.decode(msgspec.json.encode(description))
        assert incompatibilities(caller=description, provider=arrived) == ()
        assert incompatibilities(caller=arrived, provider=description) == ()


def test_what_is_no_description_of_this_app_is_an_error() -> None:
    with pytest.raises(ValueError, match="product and payment cannot be compared"):
        incompatibilities(caller=described(), provider=described(app="payment"))
    with pytest.raises(ValueError, match="no description of a contract"):
        incompatibilities(caller=described(), provider={"app": "product"})
    broken = described(result=Tree)
    broken["methods"]["look"]["result"]["parts"] = {}
    with pytest.raises(ValueError, match="no description of a contract"):
        incompatibilities(caller=described(result=Tree), provider=broken)
    with pytest.raises(ValueError, match="no description of a contract"):
        incompatibilities(caller=broken, provider=broken)


@pytest.mark.parametrize(
    "schema",
    [{}, {"type": "array"}, {"type": "object"}, {"type": "array", "uniqueItems": True},
     {"type": "string", "format": "new"}, {"not": {"type": "null"}}, {"enum": ["a"], "new": 1},
     {"anyOf": [{"type": "string"}], "new": 1}],
)  # fmt: skip
def test_what_cannot_be_told_does_not_fit(schema: Any) -> None:
    """A newer release may describe what this one knows nothing of."""
    for known in (int, Literal["a"], UUID, struct(a=int), tuple[int, ...], int | None, Cat | Dog):
        ours, theirs = described(result=known), described(result=known)
        theirs["methods"]["look"]["result"] = schema
        assert incompatibilities(caller=theirs, provider=ours) != ()
        if "enum" not in schema or known != Literal["a"]:  # a keyword only narrows what is sent
            assert incompatibilities(caller=ours, provider=theirs) != ()


def test_what_a_type_may_become_is_told_apart_in_the_description() -> None:
    """To a JSON schema of msgspec, a datetime is any string."""
    seen = [
        as_result(kind)["methods"]["look"]["result"]
        for time in (str, dt.datetime, AWARE, NAIVE, dt.date)
        for kind in (time, tuple[time, ...], tuple[int, time], struct(at=time | None))
    ]
    seen += [as_result(Annotated[bytes, Meta(min_length=n)]) for n in (1, 2, 3)]
    assert all(seen.count(each) == 1 for each in seen)
