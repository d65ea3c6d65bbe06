"""The caller's side: a handle looks like the contract and goes where its app is bound."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar, cast

from extract.call.contract import Contract, Method
from extract.call.errors import CallInsideTransaction, CallRefused, NotSent
from extract.call.local import call_provider
from extract.data import in_any_transaction
from extract.trace import Kind, context_if_any, new_context, span, using_context

C = TypeVar("C", bound=Contract)


class Binding(Protocol):
    """A way for calls to reach a provider."""

    def call(self, method: Method, arguments: dict[str, Any]) -> Any:
        """Make the call; raises declared errors as they are, else a ``CallError``."""
        ...


class Local:
    """The provider in this process, called directly."""

    def call(self, method: Method, arguments: dict[str, Any]) -> Any:
        if unknown := arguments.keys() - set(method.arguments.__struct_fields__):
            raise CallRefused(method.label, f"unknown arguments {sorted(unknown)}")
        with span(method.label, Kind.CLIENT, app=method.contract.app, call=method.label):
            return call_provider(method, arguments)


LOCAL: Binding = Local()
_bindings: dict[str, Binding] = {}
_otherwise: Binding = LOCAL


@functools.cache
def handle(contract: type[C]) -> C:
    """An object with the contract's methods, wherever its app runs. Cheap to ask for again."""
    return cast(C, _Handle(contract))


def bind_all(binding: Binding) -> None:
    """From now on, let calls take ``binding`` wherever ``bound`` says nothing else."""
    global _otherwise
    _otherwise = binding


@contextmanager
def bound(binding: Binding, *apps: str) -> Iterator[None]:
    """For the block, let calls to ``apps`` take ``binding``, in every thread."""
    before = dict(_bindings)
    _bindings.update(dict.fromkeys(apps, binding))
    try:
        yield
    finally:
        _bindings.clear()
        _bindings.update(before)


class _Handle:
    def __init__(self, contract: type[Contract]) -> None:
        for method in contract.methods.values():
            setattr(self, method.name, _caller(method))

    def __repr__(self) -> str:
        return f"<handle {', '.join(vars(self))}>"


def _caller(method: Method) -> Callable[..., Any]:
    app, label = method.contract.app, method.label

    def call(**arguments: Any) -> Any:
        if in_any_transaction():
            raise CallInsideTransaction(label)
        binding = _bindings.get(app, _otherwise)
        context = context_if_any()
        if context is None:
            with using_context(new_context()):
                return binding.call(method, arguments)
        if not context.time_left > 0:  # nor if it is no number
            raise NotSent(label, "the deadline had passed")
        return binding.call(method, arguments)

    call.__name__ = method.name
    return call
