"""Messages to the visitor, in a cookie that every app can read and none but ours can write."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.signing import TimestampSigner


class PagesStorage(CookieStorage):
    """Django's, signed with the pages' key: each app has a ``SECRET_KEY`` of its own."""

    cookie_name = f"{settings.COOKIE_PREFIX}messages"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.signer = TimestampSigner(key=settings.PAGES_SECRET_KEY, salt=self.key_salt)
