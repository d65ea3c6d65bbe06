"""The brake on guessing passwords and on sending mails: what counts, and how often it may be.

Known devices are tried apart: whoever guesses elsewhere cannot lock the owner out
(https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies).
"""

from __future__ import annotations

import hashlib
import ipaddress
from uuid import UUID

from django.http import HttpRequest

from extract.identity.tries import Limit, TooManyTries, reserve
from shop.accounts import device
from shop.accounts.models import LONGEST_NAME, account_key

WINDOW = 300
"""Seconds."""
TRIES_PER_PAIR = 10
TRIES_PER_CLIENT = 50
ACCOUNT_WINDOW = 3600
TRIES_PER_ACCOUNT = 250
"""From devices that the account does not know. One client can make half as many in that time."""
SENT_PER_CLIENT = 100
MAIL_WINDOW = 3600
MAILS_PER_CLIENT = 20
MAILS_PER_ADDRESS = 5
TOLD_EVERY = 24 * 3600
REQUESTS_PER_ACCOUNT = 5
"""Of each kind, in ``ACCOUNT_WINDOW``."""


def on_password(request: HttpRequest, name: str) -> list[Limit]:
    """The limits of one password tried for the account of that name.

    What cannot name an account is counted for the client alone.
    """
    account = account_key(name)
    known = device.known_for(request, account)
    if known:
        return [_limit(f"device:{known}:{account}", TRIES_PER_PAIR, WINDOW)]
    client = _client(request)
    limits = [_limit(f"client:{client}", TRIES_PER_CLIENT, WINDOW)]
    if 0 < len(account) <= LONGEST_NAME:
        limits += [
            _limit(f"pair:{client}:{account}", TRIES_PER_PAIR, WINDOW),
            account_wide(account),
        ]
    return limits


def on_sign_in(request: HttpRequest) -> None:
    """A visitor who is sent to the authorization server; each costs a session here. Raises
    ``TooManyTries``."""
    reserve([_limit(f"sent:{_client(request)}", SENT_PER_CLIENT, WINDOW)])


def account_wide(account: str) -> Limit:
    """The limit of all unknown devices together."""
    return _limit(f"account:{account}", TRIES_PER_ACCOUNT, ACCOUNT_WINDOW)


def told(account: str) -> Limit:
    """How often an owner hears that the account-wide limit is reached."""
    return _limit(f"told:{account}", 1, TOLD_EVERY)


def may_mail(request: HttpRequest, address: str) -> bool:
    """Whether one more mail that a visitor asks for may go to ``address``.

    Raises ``TooManyTries`` if the visitor has asked for too many.
    """
    reserve([_limit(f"mails-by:{_client(request)}", MAILS_PER_CLIENT, MAIL_WINDOW)])
    try:
        reserve([_limit(f"mails-to:{account_key(address)}", MAILS_PER_ADDRESS, MAIL_WINDOW)])
    except TooManyTries:
        return False
    return True


def on_request(kind: str, subject: UUID) -> Limit:
    """How often an account may ask for its data, or to be erased."""
    return _limit(f"rights-{kind}:{subject}", REQUESTS_PER_ACCOUNT, ACCOUNT_WINDOW)


def _limit(name: str, tries: int, seconds: int) -> Limit:
    """Hashed, since names are typed by strangers and caches are read by operators."""
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:32]
    return Limit(name=f"{name.partition(':')[0]}:{digest}", tries=tries, seconds=seconds)


def _client(request: HttpRequest) -> str:
    """The address; of IPv6 its /64, which is what one household is given."""
    address = request.META.get("REMOTE_ADDR", "")
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return str(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(getattr(ip, "ipv4_mapped", None) or ip)
