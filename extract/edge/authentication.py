"""DRF's side of identity: ``request.user`` is the caller, without any user row."""

from __future__ import annotations

from typing import cast

import msgspec
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.request import Request

from extract.edge.kinds import CsrfFailed, Throttled, WrongCredential
from extract.identity import NOBODY, Identity, Source, basic_allowed, bearers_accepted


class Caller(msgspec.Struct, frozen=True):
    """What permissions and throttles ask of a user, told from ``identity`` alone."""

    identity: Identity = NOBODY

    @property
    def is_authenticated(self) -> bool:
        return self.identity.is_authenticated

    @property
    def is_staff(self) -> bool:
        return self.identity.is_staff

    @property
    def is_active(self) -> bool:
        return self.identity.is_authenticated

    @property
    def pk(self) -> str:
        return self.identity.subject


def operates(request: Request, app: str) -> bool:
    """Whether who is asking runs ``app``."""
    return cast(Caller, request.user).identity.operates(app)


class IdentityAuthentication(BaseAuthentication):
    """Takes what the identity middleware found.

    Whoever came by session cookie must pass the CSRF check on writes (403); a credential
    that was sent and is wrong is a 401.
    """

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        plain = request._request
        source = plain.identity_source  # type: ignore[attr-defined]
        if source is Source.REFUSED:
            raise WrongCredential(headers={"WWW-Authenticate": self.authenticate_header(request)})
        if source is Source.BRAKED:
            raise Throttled(headers={"Retry-After": "5"})
        if source is Source.NONE:
            return None
        if source is Source.SESSION:
            _check_csrf(request)
        return Caller(plain.identity), None  # type: ignore[attr-defined]

    def authenticate_header(self, request: Request) -> str:
        return challenge()


def challenge() -> str:
    """``WWW-Authenticate`` of the API's 401 answers."""
    if bearers_accepted():
        return 'Bearer realm="api"'
    return 'Basic realm="api", charset="UTF-8"' if basic_allowed() else 'Session realm="api"'


def _check_csrf(request: Request) -> None:
    check = CSRFCheck(lambda request: None)  # type: ignore[arg-type]
    check.process_request(request._request)
    if check.process_view(request._request, None, (), {}):  # type: ignore[arg-type]
        raise CsrfFailed
