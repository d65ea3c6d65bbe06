"""Which object answers for a contract in this process, checked when it is declared."""

from __future__ import annotations

import inspect
import typing

from extract.call.contract import Contract
from extract.call.errors import ContractMistake

_providers: dict[type[Contract], Contract] = {}


def contract_of(provider: type[Contract]) -> type[Contract]:
    """The contract that a provider class implements."""
    for base in provider.__mro__[1:]:
        if "methods" in vars(base):
            return typing.cast(type[Contract], base)
    raise ContractMistake(f"{provider.__name__} implements no contract.")


P = typing.TypeVar("P", bound=type[Contract])


def provides(provider: P) -> P:
    """Class decorator: let ``provider`` answer for the contract it subclasses."""
    contract = contract_of(provider)
    for method in contract.methods.values():
        own = vars(provider).get(method.name)
        where = f"{provider.__name__}.{method.name}"
        if own is None:
            raise ContractMistake(f"{where} is missing: {contract.__name__} promises it.")
        promised = inspect.signature(getattr(contract, method.name), eval_str=True)
        given = inspect.signature(own, eval_str=True)
        if list(promised.parameters.values()) != list(given.parameters.values()):
            raise ContractMistake(
                f"{where}{given} does not take what the contract says: {promised}."
            )
        if promised.return_annotation != given.return_annotation:
            raise ContractMistake(f"{where} does not return {promised.return_annotation}.")
    if contract in _providers and type(_providers[contract]).__qualname__ != provider.__qualname__:
        raise ContractMistake(f"{contract.__name__} has two providers in this process.")
    _providers[contract] = provider()
    return provider


def provider_of(contract: type[Contract]) -> Contract:
    """The provider in this process. Raises ``LookupError`` when there is none."""
    try:
        return _providers[contract]
    except KeyError:
        raise LookupError(f"No provider of {contract.__name__} is loaded here.") from None


def contracts_served() -> tuple[type[Contract], ...]:
    """Every contract that has a provider in this process, by app name."""
    return tuple(sorted(_providers, key=lambda contract: contract.app))
