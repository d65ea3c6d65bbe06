"""The mails about an account. Whoever asks for one learns nothing from the answer: to an address
without an account goes a mail that says so.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from extract.identity.tries import is_first
from shop.accounts import brake, links
from shop.accounts.models import User, account_key

logger = structlog.get_logger(__name__)

SUBJECTS = {
    "reset": "Choose a new password for {shop}",
    "reset_unknown": "No account at {shop} for this address",
    "register": "Make your account at {shop}",
    "register_known": "You have an account at {shop} already",
    "address": "Is this your address? From {shop}",
    "address_known": "This address has an account at {shop} already",
    "address_leaving": "The address of your account at {shop} is being changed",
    "guessing": "Somebody guesses your password at {shop}",
}


def send_reset(address: str) -> None:
    """A link to choose a new password, once and within the hour; or that there is no account."""
    user = account_of(address)
    if user is None or not user.has_usable_password():
        _send("reset_unknown", address, {"register_url": _url("register")})
        return
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    _send("reset", user.email, {"url": _url("password-reset-confirm", uid, token)})


def send_registration(address: str) -> None:
    """A link to make the account; or that there is one."""
    if (user := account_of(address)) is not None:
        _send("register_known", user.email, _ways_in())
    else:
        _send("register", address, {"url": _url("register-confirm", links.to_register(address))})


def send_proof(user: User, address: str) -> None:
    """A link that makes the address the account's own; or that it is another one's already."""
    other = account_of(address)
    if other is not None and other != user:
        _send("address_known", other.email, _ways_in())
    else:
        link = links.to_prove(user, address)
        _send("address", address, {"url": _url("address-confirm", link), "user": user})
    if user.is_proved and address != user.email:
        _send("address_leaving", user.email, {"profile_url": _url("profile")})


def tell_of_guessing(name: str) -> None:
    """Say it to the account's owner, if there is one, once a day; never fails."""
    if not is_first(brake.told(account_key(name))):
        return
    if (user := account_of(name)) is None:
        return
    logger.warning("accounts.guessed_at", subject=str(user.subject))
    try:
        _send("guessing", user.email, _ways_in())
    except OSError as error:
        logger.warning("accounts.not_told", error=str(error))


def account_of(address: str) -> User | None:
    """The account of that address whose owner may sign in."""
    try:
        user = User.objects.get_by_natural_key(address)
    except User.DoesNotExist:
        return None
    return user if user.is_active else None


def _ways_in() -> dict[str, str]:
    return {"login_url": _url("login"), "reset_url": _url("password-reset")}


def _url(name: str, *arguments: str) -> str:
    return f"{settings.BASE_URL}{reverse(f'shop:{name}', args=arguments)}"


def _send(name: str, address: str, context: dict[str, Any]) -> None:
    context = {"shop": settings.SHOP_NAME, "address": address, **context}
    EmailMessage(
        subject=SUBJECTS[name].format(shop=settings.SHOP_NAME),
        body=render_to_string(f"accounts/mails/{name}.txt", context),
        to=[address],
        headers={"Auto-Submitted": "auto-generated"},
    ).send()
