"""Whether a browser is still signed in, and the refresh of its tokens by one winner.

The Django session names a ``SignIn``, which has the tokens. While the access token lives the
server is asked whether it counts, every 3 seconds at most; when it has expired, one request
refreshes it and the others wait for that one.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from django.db import connections
from django.db.models import Q
from django.utils import timezone

from extract.identity.security_log import FAILURE, security_event
from extract.oidc.accounts import take_roles
from extract.oidc.claims import InvalidClaims
from extract.oidc.introspection import verdicts
from extract.oidc.models import Account, SignIn
from extract.oidc.server import READ_SECONDS, Refused, ServerAway, server
from extract.oidc.tokens import verify_access_token

SESSION_KEY = "oidc_sign_in"
BEFORE_EXPIRY = timedelta(seconds=2)
REFRESH_SECONDS = 10.0
"""A refresh goes on although those who wait for it gave up: its token counts once, and the new one
would be lost."""
LOOK_EVERY = 0.02

_refreshing = ThreadPoolExecutor(max_workers=4, thread_name_prefix="oidc-refresh")


def begin(
    session: SessionBase, account: Account, sid: str, tokens: dict[str, Any], browser: str
) -> None:
    """Of an answer of the token endpoint; the session is this sign-in's from now on."""
    sign_in = SignIn.objects.create(
        account=account,
        sid=sid,
        access_token=tokens["access_token"],
        refresh_token=tokens.get("refresh_token", ""),
        id_token=tokens["id_token"],
        access_expires_at=_expiry(tokens),
        browser=browser[:200],
    )
    session[SESSION_KEY] = str(sign_in.pk)


def sign_in_of(session: SessionBase) -> SignIn | None:
    """None if the session is none of the authorization server's, or over."""
    pk = session.get(SESSION_KEY)
    found = SignIn.objects.select_related("account__user").filter(pk=pk) if pk else None
    return found.first() if found else None


def standing(session: SessionBase) -> SignIn | None:
    """The sign-in, if the authorization server says that it stands; else it is over. Raises
    ``ServerAway``."""
    sign_in = sign_in_of(session)
    if sign_in is None:
        return None
    if sign_in.access_expires_at - BEFORE_EXPIRY <= timezone.now():
        sign_in = _refreshed(sign_in.pk)
        if sign_in is None:
            return None
    claims = verdicts.of(sign_in.access_token)
    if claims is None or claims.sub != sign_in.account.sub:
        end(sign_in, "revoked")
        return None
    take_roles(sign_in.account, claims)
    return sign_in


def end(sign_in: SignIn, why: str) -> None:
    """It is over here, whatever the authorization server thinks of it."""
    SignIn.objects.filter(pk=sign_in.pk).delete()
    verdicts.forget(sign_in.access_token)
    security_event("session-ended", subject=str(sign_in.account.user.subject), reason=why)


def end_everywhere(user: Any) -> bool:
    """All of the user's sign-ins, here at once; whether the authorization server could be told."""
    over = list(SignIn.objects.select_related("account__user").filter(account__user=user))
    told = [_end_there(sign_in) for sign_in in over]
    return all(told)


def _end_there(sign_in: SignIn) -> bool:
    end(sign_in, "signed out everywhere")
    form = {"refresh_token": sign_in.refresh_token}
    try:
        server().ask(server().endpoints().end_session_endpoint, form)
    except Refused:  # it is over there
        return True
    except ServerAway:
        return False
    return True


def end_all(*, issuer: str, sid: str = "", sub: str = "") -> int:
    """What a logout token names; returns how many were signed in."""
    names = {"sid": sid, "account__sub": sub}
    named = {name: value for name, value in names.items() if value}
    assert named, "a logout token names somebody"
    over = SignIn.objects.select_related("account__user").filter(account__issuer=issuer, **named)
    found = list(over)
    for sign_in in found:
        end(sign_in, "back-channel logout")
    return len(found)


def _refreshed(pk: UUID) -> SignIn | None:
    """With an access token that lives, refreshed by this process or another; None if it is over."""
    work: Future[None] | None = None
    until = time.monotonic() + READ_SECONDS
    while True:
        sign_in = SignIn.objects.select_related("account__user").filter(pk=pk).first()
        if sign_in is None or sign_in.access_expires_at - BEFORE_EXPIRY > timezone.now():
            return sign_in
        if work is not None and work.done():
            work.result()  # it says why there is no new token
        if time.monotonic() > until:
            raise ServerAway("The authorization server has not refreshed the sign-in in time.")
        if work is None and _is_free(sign_in) and _won(sign_in):
            work = _refreshing.submit(_refresh, sign_in)
        time.sleep(LOOK_EVERY)


def _is_free(sign_in: SignIn) -> bool:
    return sign_in.refreshing_until is None or sign_in.refreshing_until < timezone.now()


def _won(sign_in: SignIn) -> bool:
    """Whether nobody else refreshes these tokens: said by the database, to one."""
    now = timezone.now()
    free = Q(refreshing_until=None) | Q(refreshing_until__lt=now)
    same = SignIn.objects.filter(free, pk=sign_in.pk, refresh_token=sign_in.refresh_token)
    return bool(same.update(refreshing_until=now + timedelta(seconds=2 * REFRESH_SECONDS)))


def _refresh(sign_in: SignIn) -> None:
    """The refresh grant (RFC 6749, 6). A refusal ends the sign-in."""
    row = SignIn.objects.filter(pk=sign_in.pk)
    try:
        tokens = server().ask(
            server().endpoints().token_endpoint,
            {"grant_type": "refresh_token", "refresh_token": sign_in.refresh_token},
            seconds=REFRESH_SECONDS,
        )
        verify_access_token(tokens["access_token"])
        row.update(
            access_token=tokens["access_token"],
            refresh_token=tokens.get("refresh_token", sign_in.refresh_token),
            id_token=tokens.get("id_token", sign_in.id_token),
            access_expires_at=_expiry(tokens),
            refreshing_until=None,
            renewed_at=timezone.now(),
        )
    except Refused as refusal:
        subject = str(sign_in.account.user.subject)
        security_event("refresh", FAILURE, subject=subject, reason=refusal.error)
        end(sign_in, "refresh refused")
    except (KeyError, InvalidClaims) as error:
        row.update(refreshing_until=None)
        raise ServerAway("The authorization server's new tokens cannot be read.") from error
    except ServerAway:
        row.update(refreshing_until=None)
        raise
    finally:
        connections.close_all()


def _expiry(tokens: dict[str, Any]) -> datetime:
    return timezone.now() + timedelta(seconds=float(tokens.get("expires_in", 60)))
