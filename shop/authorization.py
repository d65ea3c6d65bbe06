"""The authorization server that signs people in, as the environment names it.

Without ``OIDC_ISSUER`` people sign in by passwords that are kept here. ``OIDC_INTERNAL_URL`` is
where processes reach the issuer, if not where browsers do.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo

HERE = ("localhost", "127.0.0.1", "::1")
ASKS_IT = ("", "home", "identity")
"""The roles whose processes know the client's secret."""


def _url(value: str) -> str:
    """Without a slash at the end, as Keycloak spells itself."""
    url = urlsplit(value)
    is_plain = not (url.query or url.fragment or "@" in url.netloc)
    if value and (url.scheme not in ("http", "https") or not url.hostname or not is_plain):
        raise ValueError("must be a URL like https://login.example.com/realms/shop")
    return value.rstrip("/")


def _issuer(value: str) -> str:
    url = urlsplit(_url(value))
    if url.scheme == "http" and url.hostname not in HERE:
        raise ValueError("must be https: passwords are typed there")
    return _url(value)


def _with_issuer(value: str, info: ValidationInfo) -> str:
    if value and info.data.get("OIDC_ISSUER") == "":
        raise ValueError("needs OIDC_ISSUER as well, which is reached there")
    return _url(value)


def _secret(value: str, info: ValidationInfo) -> str:
    if not value and info.data.get("OIDC_ISSUER") and info.data.get("EXTRACT_ROLE") in ASKS_IT:
        raise ValueError("is needed as well: the client's secret at OIDC_ISSUER")
    return value


Issuer = Annotated[str, AfterValidator(_issuer)]
InternalUrl = Annotated[str, AfterValidator(_with_issuer)]
ClientSecret = Annotated[str, AfterValidator(_secret), Field(validate_default=True)]
"""To come after ``OIDC_ISSUER`` and ``EXTRACT_ROLE``."""
