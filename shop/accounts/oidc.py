"""Accounts at an authorization server (Keycloak): what the account pages are then."""

from __future__ import annotations

from typing import ClassVar, cast

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe
from mozilla_django_oidc.views import get_next_url

from extract.oidc import sessions
from extract.oidc.models import SignIn
from extract.oidc.views import FRESH, Authenticate, Callback
from shop.accounts import brake
from shop.accounts.doors import braked, claim_orders
from shop.accounts.models import User
from shop.accounts.views import Login as PasswordLogin
from shop.accounts.views import latest_orders

BROWSERS = {
    "Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari",
}  # fmt: skip
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")


@method_decorator(braked, name="dispatch")
class Login(Authenticate):
    """To the authorization server, unless somebody is signed in."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if not self.asked and request.user.is_authenticated:
            return redirect(get_next_url(request, "next") or settings.LOGIN_REDIRECT_URL)
        brake.on_sign_in(request)
        return super().get(request)


class Register(Login):
    asked: ClassVar[dict[str, str]] = {"prompt": "create"}


class Password(Login):
    """Keycloak's own action, after which the browser comes back."""

    asked: ClassVar[dict[str, str]] = {"kc_action": "UPDATE_PASSWORD"}


class Again(Login):
    """The password once more, whoever is signed in."""

    asked: ClassVar[dict[str, str]] = FRESH


class SignedIn(Callback):
    """Back at the shop; what was ordered as a guest under a proved address is the customer's."""

    def signed_in(self, answer: HttpResponseBase) -> HttpResponseBase:
        claim_orders(cast(User, self.request.user))
        return answer

    def refused(self, error: str) -> HttpResponseBase:
        messages.info(self.request, "You are not signed in.")
        return redirect("shop:home")


@require_safe
def admin_login(request: HttpRequest) -> HttpResponse:
    """Staff come by the same way; who is signed in and is none gets 403, not a circle."""
    if request.user.is_authenticated:
        raise PermissionDenied("This account does not work in the back office.")
    wanted = request.GET.get("next") or "/admin/"
    return redirect(f"/accounts/login/?{urlencode({'next': wanted})}")


class BreakGlass(PasswordLogin):
    """A superuser's password, while the authorization server is away."""

    next_page = "/admin/"


@require_safe
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """What is known of the customer, and where it is changed; the latest orders."""
    user = cast(User, request.user)
    context = {
        "orders": latest_orders(user.subject),
        "account_url": settings.OIDC_ACCOUNT_URL,
    }
    return render(request, "accounts/profile.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def your_sessions(request: HttpRequest) -> HttpResponse:
    """Where the customer is signed in; by POST nowhere any more."""
    own = SignIn.objects.filter(account__user=cast(User, request.user))
    if request.method != "POST":
        here = sessions.sign_in_of(request.session)
        shown = [(each, browser_name(each.browser)) for each in own]
        context = {"sessions": shown, "here": here and here.pk}
        return render(request, "accounts/sessions.html", context)
    told = sessions.end_everywhere(request.user)
    auth.logout(request)
    said = "You are signed out everywhere."
    if not told:
        said = (
            "You are signed out of the shop everywhere. Your account's own page could not be told."
        )
    messages.success(request, said)
    return redirect("shop:home")


def browser_name(user_agent: str) -> str:
    """As people call it: most browsers say that they are several."""
    name = next((name for word, name in BROWSERS.items() if word in user_agent), "")
    system = next((system for system in SYSTEMS if system in user_agent), "")
    return f"{name} on {system}" if name and system else name or "A browser or script"
