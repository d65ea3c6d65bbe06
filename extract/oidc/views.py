"""Sign in and out at the authorization server: the two ends of the code flow, and both logouts."""

from __future__ import annotations

import time
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import auth
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from mozilla_django_oidc import views

from extract.identity.security_log import FAILURE, security_event
from extract.identity.tries import Limit, is_first
from extract.oidc import sessions
from extract.oidc.claims import InvalidClaims
from extract.oidc.configuration import setting
from extract.oidc.server import ServerAway, server
from extract.oidc.tokens import verify_logout_token

STATES = "oidc_states"
"""Where mozilla-django-oidc keeps the states that a browser was sent away with."""
STATE_SECONDS = 1800
JTI_SECONDS = 600
"""Longer than any logout token lives."""
FRESH = {"prompt": "login", "max_age": "0"}
"""Has the server ask for the password again."""


class Authenticate(views.OIDCAuthenticationRequestView):  # type: ignore[misc]
    """To the server, with PKCE, state and nonce, which this browser's session keeps.

    ``asked`` are further parameters of the request there, like ``{"prompt": "create"}``.
    """

    asked: ClassVar[dict[str, str]] = {}

    @staticmethod
    def get_settings(attr: str, *args: Any) -> Any:
        return setting(attr, *args)

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if request.build_absolute_uri("/") != f"{settings.BASE_URL}/":
            # The server sends browsers back to that host, where this one's cookie is not sent.
            return redirect(f"{settings.BASE_URL}{request.get_full_path()}")
        answer: HttpResponseBase = super().get(request)
        answer["Cache-Control"] = "no-store"
        if not request.user.is_authenticated:
            # Until somebody comes back with it, all there is in the session is a state.
            request.session.set_expiry(STATE_SECONDS)
        return answer

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        return self.asked


class Callback(views.OIDCAuthenticationCallbackView):  # type: ignore[misc]
    """Back from the server: signed in if state, issuer, code and tokens all belong together.

    400 for anything that does not, and nobody's session is touched.
    """

    @staticmethod
    def get_settings(attr: str, *args: Any) -> Any:
        return setting(attr, *args)

    def get(self, request: HttpRequest) -> HttpResponseBase:
        try:
            answer = self._taken(request)
        except BadRequest as error:
            security_event("login", FAILURE, reason=str(error), request=request)
            raise
        answer["Cache-Control"] = "no-store"
        return answer

    def _taken(self, request: HttpRequest) -> HttpResponseBase:
        kept = request.session.get(STATES, {}).get(request.GET.get("state", ""))
        if kept is None or kept["added_on"] < time.time() - STATE_SECONDS:
            raise BadRequest("This browser was not sent away with that state, or long ago.")
        if request.GET.get("iss", self._unsaid_issuer()) != settings.OIDC_ISSUER:
            raise BadRequest("The answer is of another authorization server.")
        if "error" in request.GET:
            return self._refused(request)
        if not request.GET.get("code"):
            raise BadRequest("The answer has no code.")
        return super().get(request)  # type: ignore[no-any-return]

    def login_success(self) -> HttpResponseBase:
        request = self.request
        before = sessions.sign_in_of(request.session)
        next_url = self.success_url
        auth.login(request, self.user)
        request.session.set_expiry(None)
        # Django keeps the id of a session where the same user signs in again.
        request.session.cycle_key()
        if before is not None:
            sessions.end(before, "signed in anew")
        browser = request.META.get("HTTP_USER_AGENT", "")
        claims = request.oidc_claims
        sessions.begin(
            request.session, request.oidc_account, claims.sid, request.oidc_tokens, browser
        )
        # A password that was asked for long ago makes no fresh sign-in.
        request.session["authenticated_at"] = claims.auth_time
        return self.signed_in(redirect(next_url))

    def signed_in(self, answer: HttpResponseBase) -> HttpResponseBase:
        """For what else is to be done."""
        return answer

    def login_failure(self) -> HttpResponseBase:
        raise BadRequest("The account may not sign in here.")

    def _refused(self, request: HttpRequest) -> HttpResponseBase:
        """The server sends the browser back without a code: the person did not want to, or may
        not."""
        del request.session[STATES][request.GET["state"]]
        request.session.modified = True
        error = request.GET["error"][:100]
        security_event("login", FAILURE, reason=error, request=request)
        return self.refused(error)

    def refused(self, error: str) -> HttpResponseBase:
        return redirect(self.failure_url)

    @staticmethod
    def _unsaid_issuer() -> str:
        """A server that names itself in its answers (RFC 9207) never leaves it out."""
        names_itself = server().endpoints().authorization_response_iss_parameter_supported
        return "" if names_itself else str(settings.OIDC_ISSUER)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """Here and at the server (OpenID Connect RP-Initiated Logout 1.0), then back to the shop."""
    sign_in = sessions.sign_in_of(request.session)
    auth.logout(request)
    if sign_in is None:
        return redirect(settings.LOGOUT_REDIRECT_URL)
    sessions.end(sign_in, "signed out")
    try:
        endpoint = server().endpoints().end_session_endpoint
    except ServerAway:
        return redirect(settings.LOGOUT_REDIRECT_URL)
    asked = {
        "id_token_hint": sign_in.id_token,
        "client_id": settings.OIDC_CLIENT_ID,
        "post_logout_redirect_uri": f"{settings.BASE_URL}/",
    }
    return redirect(f"{endpoint}?{urlencode(asked)}")


@csrf_exempt
@require_POST
def backchannel_logout(request: HttpRequest) -> HttpResponse:
    """The server's word that a session is over there (OpenID Connect Back-Channel Logout 1.0).

    400 for a token that does not count, or counted before.
    """
    try:
        said = verify_logout_token(request.POST.get("logout_token", ""))
        if not is_first(Limit(name=f"logout:{said['jti']}"[:200], tries=1, seconds=JTI_SECONDS)):
            raise InvalidClaims("The logout token was used before.")
    except InvalidClaims as error:
        security_event("logout", FAILURE, reason=str(error), request=request)
        return _answer({"error": "invalid_request", "error_description": str(error)}, 400)
    over = sessions.end_all(issuer=said["iss"], sid=said.get("sid", ""), sub=said.get("sub", ""))
    return _answer({"sessions": over}, 200)


def _answer(content: dict[str, Any], status: int) -> HttpResponse:
    return JsonResponse(content, status=status, headers={"Cache-Control": "no-store"})
