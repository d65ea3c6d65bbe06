"""Sign in and out, register, profile."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from uuid import UUID

import structlog
from django.contrib import messages
from django.contrib.auth import login as sign_in
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required
from django.contrib.messages.views import SuccessMessageMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.payment.contract import OrderSummary, PaymentContract
from extract.call import CallError, handle
from shop.accounts import throttle
from shop.accounts.forms import LoginForm, ProfileForm, RegistrationForm
from shop.accounts.models import User

logger = structlog.get_logger(__name__)
payment = handle(PaymentContract)

View = Callable[..., HttpResponseBase]

RECENT_ORDERS = 5
PAGE_METHODS = ["GET", "HEAD", "POST"]


def braked(view: View) -> View:
    """A login with the brake on guessing. Its field is ``username``; showing the form again is
    its way to refuse.
    """

    @wraps(view)
    def login(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        account = request.POST.get("username", "")
        if request.method == "POST" and throttle.is_braked(request, account):
            return _too_many_tries(request)
        response = view(request, *args, **kwargs)
        if request.method == "POST" and response.status_code == 200:
            throttle.count_failure(request, account)
        return response

    return login


@method_decorator(braked, name="dispatch")
class Login(auth.LoginView):
    """E-mail and password; ``next`` stays on this host, failures are braked."""

    authentication_form = LoginForm
    template_name = "accounts/login.html"
    redirect_authenticated_user = True


class Logout(auth.LogoutView):
    """By POST only, as Django has it."""

    next_page = "/"


class PasswordChange(SuccessMessageMixin, auth.PasswordChangeView):  # type: ignore[type-arg]
    template_name = "accounts/password.html"
    success_url = reverse_lazy("shop:profile")
    success_message = "Your password is changed."


@sensitive_post_parameters("password1", "password2")
@require_http_methods(PAGE_METHODS)
def register(request: HttpRequest) -> HttpResponse:
    """A new customer, signed in at once."""
    if request.user.is_authenticated:
        return redirect("shop:profile")
    form = RegistrationForm(request.POST or None)
    if request.method == "POST":
        if throttle.is_braked(request, ""):
            return _too_many_tries(request)
        if form.is_valid():
            sign_in(request, form.save(), backend="shop.accounts.backends.OperatorBackend")
            messages.success(request, "Welcome. Your account is ready.")
            return redirect("shop:profile")
        throttle.count_failure(request, form.data.get("email", ""))
    return render(request, "accounts/register.html", {"form": form}, status=_status(form))


@login_required
@require_http_methods(PAGE_METHODS)
def profile(request: HttpRequest) -> HttpResponse:
    """Name and address, to change; the latest orders, if payment can be asked now."""
    user = cast(User, request.user)
    # A copy: a refused change must not show in the page's header.
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your details are saved.")
        return redirect("shop:profile")
    context = {"form": form, "orders": _orders(user.subject)}
    return render(request, "accounts/profile.html", context, status=_status(form))


def _orders(subject: UUID) -> tuple[OrderSummary, ...] | None:
    """The latest orders; None while payment is away."""
    try:
        return payment.orders_of(subject=subject, limit=RECENT_ORDERS)
    except CallError as error:
        logger.warning("profile.payment_away", error=str(error))
        return None


def _status(form: Any) -> int:
    return 422 if form.is_bound and form.errors else 200


def _too_many_tries(request: HttpRequest) -> HttpResponse:
    response = render(request, "429.html", status=429)
    response.headers["Retry-After"] = str(throttle.WINDOW)
    return response
