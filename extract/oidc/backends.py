"""The code flow's last step: the code for tokens, the tokens for a user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import BadRequest
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from extract.oidc.accounts import account_of
from extract.oidc.claims import InvalidClaims
from extract.oidc.configuration import setting
from extract.oidc.introspection import verdicts
from extract.oidc.server import Refused, server
from extract.oidc.tokens import verify_access_token, verify_id_token


class CodeBackend(OIDCAuthenticationBackend):  # type: ignore[misc]
    """mozilla-django-oidc's, with the tokens verified whole and the user found by ``sub``.

    It leaves ``request.oidc_tokens``, the token endpoint's answer, ``request.oidc_account`` and
    ``request.oidc_claims``.
    Raises ``BadRequest`` for a code or token that does not count, and ``ServerAway``.
    """

    def __init__(self) -> None:
        # Django makes one for each look at a permission: nothing is asked of the server here.
        self.UserModel = get_user_model()
        self.OIDC_RP_CLIENT_ID = setting("OIDC_RP_CLIENT_ID")
        self.OIDC_RP_CLIENT_SECRET = setting("OIDC_RP_CLIENT_SECRET")

    def get_user(self, user_id: Any) -> Any:
        """Nobody who is not active: mozilla-django-oidc does not look."""
        return ModelBackend.get_user(self, user_id)

    @staticmethod
    def get_settings(attr: str, *args: Any) -> Any:
        return setting(attr, *args)

    def authenticate(self, request: HttpRequest, *, nonce: str, code_verifier: str) -> Any:
        """Both arguments are required, so that Django never takes a password here."""
        return super().authenticate(request, nonce=nonce, code_verifier=code_verifier)

    def get_token(self, payload: Mapping[str, str]) -> dict[str, Any]:
        form = {name: payload[name] for name in ("grant_type", "code", "redirect_uri")}
        form["code_verifier"] = payload["code_verifier"]
        try:
            tokens: dict[str, Any] = server().ask(server().endpoints().token_endpoint, form)
        except Refused as refusal:
            raise BadRequest(f"The code was not taken: {refusal.error}.") from refusal
        if not all(isinstance(tokens.get(name), str) for name in ("access_token", "id_token")):
            raise BadRequest("The authorization server gave no tokens.")
        self.request.oidc_tokens = tokens
        return tokens

    def verify_token(self, token: str, **kwargs: Any) -> dict[str, Any]:
        try:
            said = verify_id_token(token, nonce=kwargs["nonce"])
            bearer = verify_access_token(self.request.oidc_tokens["access_token"])
        except InvalidClaims as error:
            raise BadRequest(str(error)) from error
        if bearer["sub"] != said["sub"]:
            raise BadRequest("The two tokens are not about the same account.")
        return said

    def store_tokens(self, access_token: str, id_token: str) -> None:
        """Not in the session: ``extract.oidc.sessions`` keeps them."""

    def get_or_create_user(self, access_token: str, id_token: str, payload: dict[str, Any]) -> Any:
        claims = verdicts.of(access_token)  # it knows the roles as well
        if claims is None:
            raise BadRequest("The sign-in was taken back at once.")
        account = account_of(claims)
        user: Any = account.user
        user.take(claims)
        self.request.oidc_account, self.request.oidc_claims = account, claims
        return user
