"""Accounts at an authorization server: under the same addresses, as far as they make sense."""

from django.conf import settings
from django.urls import path
from django.views.generic import RedirectView

from extract.oidc.views import backchannel_logout, sign_out
from shop.accounts import oidc

urlpatterns = [
    path("accounts/login/", oidc.Login.as_view(), name="login"),
    path("accounts/callback/", oidc.SignedIn.as_view(), name="callback"),
    path("accounts/again/", oidc.Again.as_view(), name="again"),
    path("accounts/logout/", sign_out, name="logout"),
    path("accounts/backchannel-logout/", backchannel_logout, name="backchannel-logout"),
    path("accounts/register/", oidc.Register.as_view(), name="register"),
    path("accounts/profile/", oidc.profile, name="profile"),
    path("accounts/sessions/", oidc.your_sessions, name="sessions"),
    path("accounts/password/", oidc.Password.as_view(), name="password"),
    # The server's sign-in page has the way to a new password.
    path(
        "accounts/password-reset/",
        RedirectView.as_view(pattern_name="shop:login"),
        name="password-reset",
    ),
]

if settings.BREAK_GLASS:
    urlpatterns.append(path("accounts/break-glass/", oidc.BreakGlass.as_view(), name="break-glass"))
