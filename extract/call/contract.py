"""How an app says what it offers: a typed interface with values, declared errors and events.

A contract is a class of method signatures; everything wrong with it is found when it is
declared. Its fingerprint changes whenever what crosses it changes.
"""

from __future__ import annotations

import hashlib
import inspect
import typing
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import msgspec

from extract.call.errors import ContractMistake, DeclaredError
from extract.call.shapes import check_shape, describe_shape
from extract.event.event import Event

F = TypeVar("F", bound=Callable[..., Any])


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """One method of a contract, as declared."""

    contract: type[Contract]
    name: str
    repeatable: bool
    arguments: type[msgspec.Struct]
    result: Any
    errors: dict[str, type[DeclaredError]]

    @property
    def label(self) -> str:
        """``app.method``, for messages and logs."""
        return f"{self.contract.app}.{self.name}"


def repeatable(*, raises: tuple[type[DeclaredError], ...] = ()) -> Callable[[F], F]:
    """Declare a method that has the same effect when it is delivered more than once."""
    return _declare(repeatable=True, raises=raises)


def once(*, raises: tuple[type[DeclaredError], ...] = ()) -> Callable[[F], F]:
    """Declare a method that must not be delivered again when its answer was lost."""
    return _declare(repeatable=False, raises=raises)


def _declare(*, repeatable: bool, raises: tuple[type[DeclaredError], ...]) -> Callable[[F], F]:
    def mark(function: F) -> F:
        function.__declared__ = (repeatable, raises)  # type: ignore[attr-defined]
        return function

    return mark


class Contract:
    """Base of all contracts.

    ``class ProductContract(Contract, app="product", version=1, events=(PriceChanged,))``
    declares one; a subclass without these arguments is a provider of it.
    """

    app: ClassVar[str]
    version: ClassVar[int]
    events: ClassVar[tuple[type[Event], ...]]
    methods: ClassVar[dict[str, Method]]

    def __init_subclass__(
        cls, *, app: str = "", version: int = 1, events: tuple[type[Event], ...] = ()
    ) -> None:
        super().__init_subclass__()
        if not app:
            return
        if version < 1:
            raise ContractMistake(f"{cls.__name__}: versions count from 1.")
        cls.app, cls.version, cls.events = app, version, events
        for event in events:
            if event.app != app:
                raise ContractMistake(f"{cls.__name__}: {event.__name__} belongs to {event.app}.")
        cls.methods = {
            name: _method(cls, name, function)
            for name, function in vars(cls).items()
            if inspect.isfunction(function) and not name.startswith("_")
        }


def _method(contract: type[Contract], name: str, function: Callable[..., Any]) -> Method:
    where = f"{contract.__name__}.{name}"
    declared = getattr(function, "__declared__", None)
    if declared is None:
        raise ContractMistake(f"{where} must say whether it may be repeated: @repeatable or @once.")
    is_repeatable, raises = declared
    hints = typing.get_type_hints(function)
    if "return" not in hints:
        raise ContractMistake(f"{where} must annotate what it returns.")
    check_shape(hints["return"], f"{where} result")
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            raise ContractMistake(f"{where}: parameter {parameter.name} must be keyword-only.")
        if parameter.name not in hints:
            raise ContractMistake(f"{where}: parameter {parameter.name} must be annotated.")
        check_shape(hints[parameter.name], f"{where}({parameter.name})")
        field = (parameter.name, hints[parameter.name])
        has_default = parameter.default is not inspect.Parameter.empty
        fields.append((*field, parameter.default) if has_default else field)
    for error in raises:
        check_shape(error.Fields, f"{where} raises {error.__name__}")
    return Method(
        contract=contract,
        name=name,
        repeatable=is_repeatable,
        arguments=msgspec.defstruct(
            f"{name}_arguments", fields, frozen=True, kw_only=True, forbid_unknown_fields=True
        ),
        result=hints["return"],
        errors={error.__name__: error for error in raises},
    )


def describe(contract: type[Contract]) -> dict[str, Any]:
    """The contract as plain data: what two versions are compared by."""
    return {
        "app": contract.app,
        "version": contract.version,
        "methods": {
            method.name: {
                "repeatable": method.repeatable,
                "arguments": describe_shape(method.arguments),
                "result": describe_shape(method.result),
                "errors": {
                    name: describe_shape(error.Fields) for name, error in method.errors.items()
                },
            }
            for method in contract.methods.values()
        },
        "events": {
            event.type: {"version": event.version, "payload": describe_shape(event)}
            for event in contract.events
        },
    }


def fingerprint(contract: type[Contract]) -> str:
    """Sixteen hexadecimal digits that change whenever what crosses the contract changes."""
    canonical = msgspec.json.encode(describe(contract), order="sorted")
    return hashlib.sha256(canonical).hexdigest()[:16]
