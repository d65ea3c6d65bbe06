"""The token that opens a guest's order: an HMAC of the order's id under payment's own key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid

from django.conf import settings


def token(order: uuid.UUID) -> str:
    """43 URL-safe characters that only payment can make."""
    key = settings.APP_SECRET_KEYS["payment"].encode()
    digest = hmac.new(key, b"order-access:" + order.bytes, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def token_hash(order: uuid.UUID) -> str:
    """The SHA-256 of the token, in hexadecimal: what invoice and receipt check against."""
    return hashlib.sha256(token(order).encode()).hexdigest()
