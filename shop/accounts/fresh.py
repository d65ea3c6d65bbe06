"""Whether somebody has just signed in: who finds an open session must not do what cannot be undone.

How one signs in again is ``sign_in_again``'s to say: on the page that asks for the password.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import REDIRECT_FIELD_NAME, get_user, user_logged_in
from django.http import HttpRequest
from django.urls import reverse

from extract.identity import Source

FRESH_SECONDS = 300
AUTHENTICATED_AT = "authenticated_at"
"""In the session: when its owner has signed in last, in seconds since the epoch."""


def is_fresh(request: HttpRequest) -> bool:
    """Whether who asks has proved who they are within ``FRESH_SECONDS``. With HTTP Basic the
    password comes with the request itself."""
    if request.identity_source is Source.BASIC:  # type: ignore[attr-defined]
        return True
    # The session's own user, who must be the one that asks.
    user, identity = get_user(request), request.identity  # type: ignore[attr-defined]
    if not user.is_authenticated or str(user.subject) != identity.subject:
        return False
    signed_in_at = request.session.get(AUTHENTICATED_AT, 0)
    return 0 <= time.time() - signed_in_at < FRESH_SECONDS


def sign_in_again(request: HttpRequest, *, then: str) -> str:
    """The URL at which who asks signs in again, to be led to the path ``then``."""
    return f"{reverse('shop:again')}?{urlencode({REDIRECT_FIELD_NAME: then})}"


def note_sign_in(request: HttpRequest, **kwargs: Any) -> None:
    """Receiver of Django's ``user_logged_in``."""
    request.session[AUTHENTICATED_AT] = int(time.time())


def connect() -> None:
    user_logged_in.connect(note_sign_in, dispatch_uid="shop.accounts.fresh")
