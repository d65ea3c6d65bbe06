"""The binding ``local``: the provider in this process is called directly."""

from __future__ import annotations

from typing import Any

import structlog

from extract.call.contract import Method
from extract.call.errors import CallError, DeclaredError, OutcomeUnknown
from extract.call.provider import provider_of

logger = structlog.get_logger(__name__)


def call_provider(method: Method, arguments: dict[str, Any]) -> Any:
    """Run the provider's method here.

    Raises the errors that the contract declares as they are; anything else becomes
    ``OutcomeUnknown``, as it would from another process.
    """
    try:
        return getattr(provider_of(method.contract), method.name)(**arguments)
    except DeclaredError as error:
        if type(error).__name__ in method.errors:
            raise
        logger.exception("call.undeclared_error", call=method.label)
        raise OutcomeUnknown(method.label, f"undeclared error {type(error).__name__}") from error
    except CallError as error:
        raise OutcomeUnknown(method.label, str(error)) from error
    except Exception as error:
        logger.exception("call.provider_failed", call=method.label)
        raise OutcomeUnknown(method.label, f"the provider raised {type(error).__name__}") from error
