"""How a process with a role is connected to the others, before it serves or works."""

from __future__ import annotations

from collections.abc import Mapping

from extract.call.remote import install, read_tokens_by
from extract.identity import InvalidToken, trust_keys, verifier
from extract.identity.key import JWK
from extract.registry.process import watch
from extract.registry.view import View
from extract.trust import IDENTITY


def connect() -> View:
    """Watch the registry; from now on handles go where it says, and tokens are believed that
    identity's instances there have signed."""
    view = watch()
    install(view)
    trust_keys(lambda: published_keys(view))
    read_tokens_by(_in_whose_name)
    return view


def published_keys(view: View) -> Mapping[str, JWK]:
    """The keys of every identity instance known, also of those that went: others have the same."""
    minting = (known.instance for known in view.known() if known.instance.role == IDENTITY)
    return {jwk["kid"]: jwk for instance in minting for jwk in instance.keys}


def _in_whose_name(token: str) -> tuple[str, tuple[str, ...]]:
    try:
        identity, _ = verifier().verify(token)
    except InvalidToken as error:
        raise ValueError(str(error)) from error
    return identity.subject, identity.roles
