"""What all doors to accounts have in common: the brake, mails that cannot be sent, and what follows
when somebody has signed in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import structlog
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from apps.payment.contract import PaymentContract
from extract.call import CallError, handle
from extract.identity.tries import TooManyTries
from shop.accounts import device
from shop.accounts.models import User, account_key

logger = structlog.get_logger(__name__)
payment = handle(PaymentContract)

View = Callable[..., HttpResponseBase]
Answer = TypeVar("Answer", bound=HttpResponseBase)


def braked(view: View) -> View:
    """429 where too much was tried."""

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except TooManyTries as refused:
            page = render(request, "429.html", status=429)
            page.headers["Retry-After"] = str(refused.limit.seconds)
            return page

    return door


def mailing(view: View) -> View:
    """503 where a mail cannot be sent now: whoever asked for it would wait for nothing."""

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except OSError as error:
            logger.error("accounts.mail_not_sent", error=str(error), exc_info=error)
            return render(request, "accounts/mail_away.html", status=503)

    return door


def remembering(view: View) -> View:
    """A login of Django's, for which the device is remembered."""

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        return signed_in(request, response) if response.status_code == 302 else response

    return door


def leading_to(name: str) -> Callable[[View], View]:
    """A login of Django's that leads to the URL of that name, unless another one was asked for."""

    def decorated(view: View) -> View:
        @wraps(view)
        def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if REDIRECT_FIELD_NAME not in request.GET:
                asked = request.GET.copy()
                asked[REDIRECT_FIELD_NAME] = reverse(name)
                request.GET = asked  # type: ignore[assignment]
            return view(request, *args, **kwargs)

        return door

    return decorated


def signed_in(request: HttpRequest, response: Answer) -> Answer:
    """Remember the device, and claim the orders."""
    if not request.user.is_authenticated:
        return response
    device.remember(request, response, account_key(request.user.email))
    claim_orders(request.user)
    return response


def claim_orders(user: User) -> None:
    """Make the customer's what was ordered as a guest under the address, if it is proved. What
    cannot be claimed now is the next time."""
    if not user.is_proved:
        return
    try:
        payment.claim_orders(subject=user.subject, email=user.email)
    except CallError as error:
        logger.warning("accounts.orders_not_claimed", error=str(error))
