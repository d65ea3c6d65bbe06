"""What a contract call can end in besides a result.

DeclaredError                the contract's own errors, arriving as the same Python type
CallError                    the call itself failed; ``effect`` says what is known
├── NotSent                  the provider never saw it: nothing happened
│   └── ProviderAway         since nobody who serves it could be reached
├── CallRefused              the provider refused it before doing anything
└── OutcomeUnknown           it may or may not have happened
CallInsideTransaction        a mistake in the caller, in every placement
ContractMistake              a mistake in a declaration, raised when it is declared
"""

from __future__ import annotations

import enum
import typing
from typing import Any, ClassVar, dataclass_transform

import msgspec


class Effect(enum.Enum):
    """What is known of the effect of a call that failed."""

    NOT_SENT = "not sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class CallError(Exception):
    """A contract call failed in a way that the contract does not declare."""

    effect: ClassVar[Effect] = Effect.UNKNOWN

    def __init__(self, call: str, reason: str) -> None:
        super().__init__(f"{call} failed: {reason} (effect: {self.effect.value}).")
        self.call = call
        self.reason = reason


class NotSent(CallError):
    """The provider never saw the call: nothing happened, it may be made again."""

    effect = Effect.NOT_SENT


class ProviderAway(NotSent):
    """Nobody who serves the call could be reached, or would take it on: it will pass."""


class CallRefused(CallError):
    """The provider refused the call before doing anything."""

    effect = Effect.REFUSED


class OutcomeUnknown(CallError):
    """The answer was lost or the provider broke: the effect may or may not have happened."""


class CallInsideTransaction(RuntimeError):
    """A contract call was made while a database transaction was open.

    Refused in every placement: the transaction would hold locks for as long as another
    service takes, and could not be undone together with it.
    """

    def __init__(self, call: str) -> None:
        super().__init__(
            f"{call} was called inside a database transaction; "
            f"finish the transaction first, or make the call a step of a saga."
        )


class ContractMistake(TypeError):
    """A contract, value, error, event or provider is declared wrongly."""


@dataclass_transform(kw_only_default=True)
class DeclaredError(Exception):
    """Base of the errors that a contract declares. Subclasses annotate their fields.

    The docstring of a subclass is its message: one sentence, with ``{field}`` filled in.
    """

    Fields: ClassVar[type[msgspec.Struct]]
    is_expected: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.__doc__:
            raise ContractMistake(f"{cls.__name__} needs a docstring: it is the error's message.")
        annotations = {
            name: kind
            for name, kind in _annotations(cls).items()
            if not str(kind).startswith("ClassVar")
        }
        cls.Fields = msgspec.defstruct(
            f"{cls.__name__}Fields",
            list(annotations.items()),
            frozen=True,
            kw_only=True,
            module=cls.__module__,
        )

    def __init__(self, **fields: Any) -> None:
        self.fields = self.Fields(**fields)
        super().__init__((type(self).__doc__ or "").strip().splitlines()[0].format(**fields))

    def __getattr__(self, name: str) -> Any:
        if name == "fields":
            raise AttributeError(name)
        return getattr(self.fields, name)

    def __reduce__(self) -> Any:
        return _rebuild, (type(self), msgspec.structs.asdict(self.fields))


def _annotations(cls: type) -> dict[str, Any]:
    hints: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if issubclass(base, DeclaredError) and base is not DeclaredError:
            hints |= typing.get_type_hints(base)
    hints.pop("Fields", None)
    return hints


def _rebuild(cls: type[DeclaredError], fields: dict[str, Any]) -> DeclaredError:
    return cls(**fields)
