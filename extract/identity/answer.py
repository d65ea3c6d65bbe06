"""What the identity role answers the gateway: who this request comes from, signed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from extract.identity.identity import Identity
from extract.identity.identity_header import mint_token
from extract.identity.keyring import keyring
from extract.identity.source import Source


@require_safe
def mint(request: HttpRequest) -> HttpResponse:
    """204, with a token in ``X-Identity`` if a credential came, be it a wrong one.

    The request carries the client's ``Cookie`` and ``Authorization``, and the client's address
    as its own: wrong passwords are counted against it. The middleware has read them; where it
    could not, the edge has answered 503.
    """
    response = HttpResponse(status=204, headers={"Cache-Control": "no-store"})
    identity: Identity = request.identity  # type: ignore[attr-defined]
    source: Source = request.identity_source  # type: ignore[attr-defined]
    if source is not Source.NONE:
        response["X-Identity"] = mint_token(identity, source, keyring().signing_key())
    return response
