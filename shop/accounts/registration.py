"""Making an account: the address first, by a mail to it, then name and password. Until somebody who
reads the address has chosen the password, there is no account.
"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login as sign_in
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from shop.accounts import brake, links, mails
from shop.accounts.doors import braked, mailing, signed_in
from shop.accounts.forms import AddressForm, RegistrationForm
from shop.accounts.models import User
from shop.accounts.views import BACKEND, PAGE_METHODS


@braked
@mailing
@require_http_methods(PAGE_METHODS)
def register(request: HttpRequest) -> HttpResponse:
    """A mail with a link to go on; the answer does not tell whether there is an account."""
    if request.user.is_authenticated:
        return redirect("shop:profile")
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if brake.may_mail(request, address := form.cleaned_data["email"]):
            mails.send_registration(address)
        return redirect("shop:mail-sent")
    status = 422 if form.errors else 200
    return render(request, "accounts/register.html", {"form": form}, status=status)


@sensitive_post_parameters("password1", "password2")
@require_http_methods(PAGE_METHODS)
def register_confirm(request: HttpRequest, link: str) -> HttpResponse:
    """The link of the mail: a new customer, signed in at once."""
    address = links.registering(link)
    if address is None:
        return render(request, "accounts/link_over.html", status=404)
    if User.objects.filter(email=address).exists():
        return _made_already(request)
    form = RegistrationForm(address, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                user = form.save()
        except IntegrityError:  # pressed twice
            return _made_already(request)
        sign_in(request, user, backend=BACKEND)
        messages.success(request, "Welcome. Your account is ready.")
        return signed_in(request, redirect("shop:profile"))
    status = 422 if form.errors else 200
    context = {"form": form, "address": address}
    return render(request, "accounts/register_confirm.html", context, status=status)


def _made_already(request: HttpRequest) -> HttpResponse:
    messages.info(request, "Your account is made already. Sign in with your password.")
    return redirect("shop:login")
