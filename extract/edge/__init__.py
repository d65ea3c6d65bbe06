"""The HTTP front that every service shares: problems, strict input, callers, pages, throttles."""

from extract.edge.authentication import Caller, IdentityAuthentication
from extract.edge.handler import exception_handler
from extract.edge.kinds import (
    BadRequest,
    CsrfFailed,
    Forbidden,
    Invalid,
    NotAuthenticated,
    NotFound,
    Unavailable,
)
from extract.edge.pagination import Pagination
from extract.edge.parser import StrictJSONParser
from extract.edge.problem import CONTENT_TYPE, Problem, problem_response
from extract.edge.request import IgnoreAccept, access_hash, idempotency_key
from extract.edge.serializers import StrictSerializer
from extract.edge.throttle import ApiThrottle

__all__ = [
    "CONTENT_TYPE",
    "ApiThrottle",
    "BadRequest",
    "Caller",
    "CsrfFailed",
    "Forbidden",
    "IdentityAuthentication",
    "IgnoreAccept",
    "Invalid",
    "NotAuthenticated",
    "NotFound",
    "Pagination",
    "Problem",
    "StrictJSONParser",
    "StrictSerializer",
    "Unavailable",
    "access_hash",
    "exception_handler",
    "idempotency_key",
    "problem_response",
]
