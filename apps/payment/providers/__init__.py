"""Payment providers: one port, the built-in sandbox behind it."""

from apps.payment.providers.base import (
    ChargeAnswer,
    Declined,
    Provider,
    ProviderTimeout,
    UnknownProvider,
)
from apps.payment.providers.sandbox import Sandbox

_providers: dict[str, Provider] = {"test": Sandbox()}


def provider_named(name: str) -> Provider:
    """The provider of that name. Raises ``UnknownProvider``."""
    try:
        return _providers[name]
    except KeyError:
        raise UnknownProvider(name=name) from None


def provider_names() -> tuple[str, ...]:
    """The names that a checkout may ask for."""
    return tuple(_providers)


__all__ = [
    "ChargeAnswer",
    "Declined",
    "Provider",
    "ProviderTimeout",
    "UnknownProvider",
    "provider_named",
    "provider_names",
]
