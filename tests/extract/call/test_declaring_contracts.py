"""Everything wrong with a contract is found when it is declared, not when it is called."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

import msgspec
import pytest

from extract.call import (
    Contract,
    ContractMistake,
    DeclaredError,
    describe,
    fingerprint,
    once,
    provides,
    repeatable,
)
from extract.event import Event


class Loose(msgspec.Struct, kw_only=True):
    name: str


class Colour(enum.Enum):
    RED = "red"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    colour: Colour | None = None


class NotThere(DeclaredError):
    """There is no {name} here."""

    name: str


class Moved(Event, frozen=True, kw_only=True):
    app: ClassVar[str] = "product"

    part: UUID


def test_a_method_must_say_whether_it_may_be_repeated() -> None:
    with pytest.raises(ContractMistake, match=r"Silent\.look must say whether it may be repeated"):

        class Silent(Contract, app="product"):
            def look(self, *, name: str) -> str: ...


def test_parameters_are_keyword_only_and_annotated() -> None:
    with pytest.raises(ContractMistake, match="parameter name must be keyword-only"):

        class Positional(Contract, app="product"):
            @repeatable()
            def look(self, name: str) -> str: ...

    with pytest.raises(ContractMistake, match="parameter name must be annotated"):

        class Bare(Contract, app="product"):
            @repeatable()
            def look(self, *, name) -> str: ...  # type: ignore[no-untyped-def]


@pytest.mark.parametrize("kind", [list[str], dict[str, int], Loose, object, set[int]])
def test_what_can_change_after_it_was_handed_over_may_not_cross(kind: type) -> None:
    def look(self, *, thing) -> None: ...  # type: ignore[no-untyped-def]

    look.__annotations__ = {"thing": kind, "return": type(None)}
    with pytest.raises(ContractMistake, match=r"look\(thing\)"):
        type("Mutable", (Contract,), {"look": repeatable()(look)}, app="product")


def test_a_provider_takes_and_returns_what_the_contract_says() -> None:
    class Promised(Contract, app="product"):
        @repeatable()
        def look(self, *, name: str) -> int: ...

    with pytest.raises(ContractMistake, match=r"Missing\.look is missing"):

        @provides
        class Missing(Promised):
            pass

    with pytest.raises(ContractMistake, match="does not take what the contract says"):

        @provides
        class Other(Promised):
            def look(self, *, title: str) -> int: ...  # type: ignore[override]

    with pytest.raises(ContractMistake, match="does not return"):

        @provides
        class Vague(Promised):
            def look(self, *, name: str) -> str: ...  # type: ignore[override]


def test_an_event_of_another_app_cannot_be_offered() -> None:
    with pytest.raises(ContractMistake, match="Moved belongs to product"):

        class Foreign(Contract, app="payment", events=(Moved,)):
            pass


def test_an_error_needs_its_sentence() -> None:
    with pytest.raises(ContractMistake, match="needs a docstring"):

        class Mute(DeclaredError):
            name: str


def _contract(**changes: object) -> type[Contract]:
    """A contract with one thing about it changed."""
    decorator = changes.get("decorator", repeatable(raises=(NotThere,)))

    def look(self, *, name, price) -> None: ...  # type: ignore[no-untyped-def]

    look.__annotations__ = {
        "name": str,
        "price": Decimal,
        "return": tuple[Part, ...],
        **changes.get("annotations", {}),  # type: ignore[dict-item]
    }
    return type(
        "Example",
        (Contract,),
        {str(changes.get("method", "look")): decorator(look)},  # type: ignore[operator]
        app="product",
        version=changes.get("version", 1),
        events=changes.get("events", (Moved,)),
    )


def test_the_fingerprint_is_the_same_for_the_same_contract() -> None:
    assert fingerprint(_contract()) == fingerprint(_contract())


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"decorator": once(raises=(NotThere,))},
        {"decorator": repeatable()},
        {"annotations": {"price": Decimal | None}},
        {"annotations": {"return": Part}},
        {"annotations": {"price": dt.date}},
        {"method": "search"},
        {"events": ()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_fingerprint_changes_with_whatever_crosses(change: dict[str, object]) -> None:
    assert fingerprint(_contract(**change)) != fingerprint(_contract())


def test_the_fingerprint_does_not_change_with_what_is_only_said() -> None:
    def contract_of(prose: str) -> type[Contract]:
        class Thing(msgspec.Struct, frozen=True, kw_only=True):
            description: str

        Thing.__doc__ = prose
        return _contract(annotations={"return": Thing})

    told, retold = contract_of("A thing."), contract_of("A thing, said better.")
    assert fingerprint(told) == fingerprint(retold)
    result = describe(told)["methods"]["look"]["result"]
    assert set(result["parts"]["Thing"]["properties"]) == {"description"}


def test_a_contract_can_be_looked_at() -> None:
    described = describe(_contract())
    assert described["app"] == "product"
    assert described["methods"]["look"]["repeatable"] is True
    assert set(described["methods"]["look"]["errors"]) == {"NotThere"}
    assert set(described["events"]) == {"product.Moved"}
