"""The backend of sign-ins by an authorization server; apart from the others, since what it imports
would only slow the start where there is none."""

from __future__ import annotations

from extract.oidc.backends import CodeBackend
from shop.accounts.backends import Operators


class SignedInBackend(Operators, CodeBackend):
    """Whom the authorization server has signed in; operators by their roles."""
