"""What the shop itself keeps about a customer: the account, its sessions, what it asked for, and
whatever else hangs on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from extract.oidc.models import SignIn
from extract.subject.rows import columns, text
from shop.accounts.fresh import AUTHENTICATED_AT
from shop.accounts.models import User
from shop.accounts.sessions import sessions_of
from shop.rights.models import Request

SECRET = {"password", "access_token", "refresh_token", "id_token"}
"""Columns that open an account."""


def tables(user: User) -> Iterator[tuple[str, Iterable[str]]]:
    """The name of each table, and its rows as JSON."""
    yield "user", _rows(User.objects.filter(pk=user.pk))
    yield "session", (_of_session(session, kept) for session, kept in sessions_of(user))
    yield "request", _rows(Request.objects.filter(subject=user.subject))
    yield "sign_in", _rows(SignIn.objects.filter(account__user=user))
    for relation in user._meta.related_objects:
        rows = relation.related_model._default_manager.filter(**{relation.field.name: user})
        yield str(relation.related_model._meta.model_name), _rows(rows)


def _rows(rows: QuerySet[Any]) -> Iterator[str]:
    names = [name for name in columns(rows.model) if name not in SECRET]
    return map(text, rows.order_by("pk").values(*names).iterator())


def _of_session(session: Session, kept: dict[str, Any]) -> str:
    """When it began and ends. Its key would open it."""
    return text({"expire_date": session.expire_date, AUTHENTICATED_AT: kept.get(AUTHENTICATED_AT)})
