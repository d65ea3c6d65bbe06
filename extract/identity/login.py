"""Who a request comes from by what the client itself sent: the source of all identity."""

from __future__ import annotations

from django.http import HttpRequest

from extract.identity.basic import basic_header, verify_basic
from extract.identity.bearer import bearer_token, read_bearer
from extract.identity.identity import Identity, identity_of
from extract.identity.source import Source


def read_login(request: HttpRequest) -> tuple[Identity, Source]:
    """By HTTP Basic or a bearer token where they are allowed, else by Django's session login.

    A wrong credential makes the caller nobody, whatever cookies came along. Raises
    ``LoginUnknown``.
    """
    if header := basic_header(request):
        return verify_basic(request, header)
    if (token := bearer_token(request)) is not None:
        return read_bearer(token)
    identity = identity_of(getattr(request, "user", None))
    return identity, Source.SESSION if identity.is_authenticated else Source.NONE
