"""Who a request comes from by what the client itself sent: the source of all identity."""

from __future__ import annotations

from django.http import HttpRequest

from extract.identity.basic import basic_header, verify_basic
from extract.identity.identity import Identity, identity_of
from extract.identity.source import Source


def read_login(request: HttpRequest) -> tuple[Identity, Source]:
    """By HTTP Basic where it is allowed, else by Django's session login.

    A wrong Basic credential makes the caller nobody, whatever cookies came along.
    """
    if header := basic_header(request):
        return verify_basic(request, header)
    identity = identity_of(getattr(request, "user", None))
    return identity, Source.SESSION if identity.is_authenticated else Source.NONE
