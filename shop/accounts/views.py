"""Sign in and out, a forgotten or new password, the profile."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import structlog
from django.contrib import messages
from django.contrib.auth import login as sign_in
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required
from django.contrib.messages.views import SuccessMessageMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from django.views.generic import FormView

from apps.payment.contract import OrderSummary, PaymentContract
from extract.call import CallError, handle
from shop.accounts import brake, links, mails
from shop.accounts.doors import braked, mailing, signed_in
from shop.accounts.forms import AddressForm, AgainForm, LoginForm, NewPasswordForm, ProfileForm
from shop.accounts.fresh import is_fresh, sign_in_again
from shop.accounts.models import User

logger = structlog.get_logger(__name__)
payment = handle(PaymentContract)

BACKEND = "shop.accounts.backends.OperatorBackend"
RECENT_ORDERS = 5
PAGE_METHODS = ["GET", "HEAD", "POST"]


@method_decorator(braked, name="dispatch")
class Login(auth.LoginView):
    """E-mail and password; ``next`` stays on this host, failures are braked."""

    authentication_form = LoginForm
    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        return signed_in(self.request, super().form_valid(form))


@method_decorator([braked, login_required], name="dispatch")
@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class Again(auth.RedirectURLMixin, FormView):  # type: ignore[type-arg]
    """The password once more, before what cannot be undone; ``next`` stays on this host."""

    form_class = AgainForm
    template_name = "accounts/again.html"
    next_page = "shop:profile"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(next=self.get_redirect_url(), **context)

    def form_valid(self, form: Any) -> HttpResponse:
        sign_in(self.request, cast(User, self.request.user), backend=BACKEND)
        # Whoever has a copy of the session's old key is not fresh with it.
        self.request.session.cycle_key()
        return signed_in(self.request, redirect(self.get_success_url()))

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class Logout(auth.LogoutView):
    """By POST only, as Django has it."""

    next_page = "/"


@method_decorator(braked, name="dispatch")
class PasswordChange(SuccessMessageMixin, auth.PasswordChangeView):  # type: ignore[type-arg]
    form_class = NewPasswordForm
    template_name = "accounts/password.html"
    success_url = reverse_lazy("shop:profile")
    success_message = "Your password is changed."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}


@braked
@mailing
@require_http_methods(PAGE_METHODS)
def password_reset(request: HttpRequest) -> HttpResponse:
    """A mail with a link to choose a new password; the answer is the same for every address."""
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if brake.may_mail(request, address := form.cleaned_data["email"]):
            mails.send_reset(address)
        return redirect("shop:mail-sent")
    return render(request, "accounts/password_reset.html", {"form": form}, status=_status(form))


@require_safe
def mail_sent(request: HttpRequest) -> HttpResponse:
    """Says so, whatever the mail says."""
    return render(request, "accounts/mail_sent.html")


class PasswordResetConfirm(SuccessMessageMixin, auth.PasswordResetConfirmView):  # type: ignore[type-arg]
    """The link of the mail, once: a new password, signed in; sessions from before are over. Who
    came by the link reads the address.
    """

    template_name = "accounts/password_reset_confirm.html"
    success_url = reverse_lazy("shop:profile")
    success_message = "Your new password is set."
    post_reset_login = True
    post_reset_login_backend = BACKEND

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        user = cast(User, self.request.user)
        user.proved_email = user.email
        user.save(update_fields=["proved_email"])
        return signed_in(self.request, response)


@braked
@mailing
@login_required
@require_http_methods(PAGE_METHODS)
def profile(request: HttpRequest) -> HttpResponse:
    """Name and address, to change; the latest orders, if payment can be asked now.

    A new address gets a mail, and is the account's when that is answered.
    """
    user = cast(User, request.user)
    # A copy: a refused change must not show in the page's header.
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        if address := form.new_address:
            _ask_for_proof(request, user, address)
        form.save()
        messages.success(request, "Your details are saved.")
        return redirect("shop:profile")
    context = {"form": form, "orders": latest_orders(user.subject)}
    return render(request, "accounts/profile.html", context, status=_status(form))


@braked
@mailing
@login_required
@require_http_methods(["POST"])
def address(request: HttpRequest) -> HttpResponse:
    """A mail to the account's own address, to prove it."""
    user = cast(User, request.user)
    if not user.is_proved:
        _ask_for_proof(request, user, user.email)
    return redirect("shop:profile")


@login_required
@require_http_methods(PAGE_METHODS)
def address_confirm(request: HttpRequest, link: str) -> HttpResponse:
    """The link of the mail, opened by who is signed in to the account that asked for it: nobody
    proves an address for a stranger's account. The button keeps out what opens links by itself.
    """
    user = cast(User, request.user)
    proof = links.proving(link)
    is_own = proof is not None and proof.subject == str(user.subject)
    if proof is None or not is_own or not _is_free(proof, user):
        context = {"is_foreign": proof is not None and not is_own}
        return render(request, "accounts/link_over.html", context, status=404)
    if proof.address != user.email and not is_fresh(request):
        # Or whoever finds an open session makes the account theirs, password and all.
        return redirect(sign_in_again(request, then=request.path))
    if request.method != "POST":
        return render(request, "accounts/address_confirm.html", {"address": proof.address})
    user.email = user.proved_email = proof.address
    user.save(update_fields=["email", "proved_email"])
    messages.success(request, f"{proof.address} is the address of your account.")
    return signed_in(request, redirect("shop:profile"))


def _is_free(proof: links.Proof, user: User) -> bool:
    other = User.objects.filter(email=proof.address).exclude(pk=user.pk)
    return proof.instead_of == user.email and not other.exists()


def _ask_for_proof(request: HttpRequest, user: User, address: str) -> None:
    if brake.may_mail(request, address):
        mails.send_proof(user, address)
    said = f"We have sent a mail to {address}. Open its link, signed in here, and it is proved."
    messages.info(request, said)


def latest_orders(subject: UUID) -> tuple[OrderSummary, ...] | None:
    """The latest orders; None while payment is away."""
    try:
        return payment.orders_of(subject=subject, limit=RECENT_ORDERS)
    except CallError as error:
        logger.warning("profile.payment_away", error=str(error))
        return None


def _status(form: Any) -> int:
    return 422 if form.is_bound and form.errors else 200
