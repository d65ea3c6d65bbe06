"""Typed calls between apps: the same call, result and error wherever the provider runs."""

from extract.call.contract import Contract, Method, describe, fingerprint, once, repeatable
from extract.call.errors import (
    CallError,
    CallInsideTransaction,
    CallRefused,
    ContractMistake,
    DeclaredError,
    Effect,
    NotSent,
    OutcomeUnknown,
    ProviderAway,
)
from extract.call.handle import LOCAL, Binding, bound, handle
from extract.call.provider import contracts_served, provides
from extract.call.wire import Fault, Wire
from extract.trace import (
    CallContext,
    context_if_any,
    current_context,
    new_context,
    using_context,
)

__all__ = [
    "LOCAL",
    "Binding",
    "CallContext",
    "CallError",
    "CallInsideTransaction",
    "CallRefused",
    "Contract",
    "ContractMistake",
    "DeclaredError",
    "Effect",
    "Fault",
    "Method",
    "NotSent",
    "OutcomeUnknown",
    "ProviderAway",
    "Wire",
    "bound",
    "context_if_any",
    "contracts_served",
    "current_context",
    "describe",
    "fingerprint",
    "handle",
    "new_context",
    "once",
    "provides",
    "repeatable",
    "using_context",
]
