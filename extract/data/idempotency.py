"""One answer per key: what a client repeats has one effect and gets the same answer.

All functions that write run inside ``owned(app)`` of the caller.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import msgspec
from django.db import IntegrityError, transaction

from extract.data.models import IdempotencyKey


class KeyReused(Exception):
    """The key was sent before, with another body."""


class KeyTaken(Exception):
    """Another request claimed the key at the same time."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a keyed request is answered with: an HTTP status and a JSON body."""

    status: int
    body: dict[str, Any]


def fingerprint(*parts: Any) -> str:
    """A digest of a request's content."""
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()


def find(app: str, *, scope: str, key: str, content: str) -> IdempotencyKey | None:
    """The claim of that key, or None. Raises ``KeyReused`` if its content differs."""
    row = IdempotencyKey.objects.using(app).filter(scope=scope, key=key).first()
    if row is not None and row.fingerprint != content:
        raise KeyReused
    return row


def claim(app: str, *, scope: str, key: str, content: str, work: uuid.UUID) -> None:
    """Take the key for ``work``. Raises ``KeyTaken`` if somebody has it."""
    row = IdempotencyKey(scope=scope, key=key, fingerprint=content, work=work)
    try:
        with transaction.atomic(using=app):
            row.save(using=app, force_insert=True)
    except IntegrityError:
        raise KeyTaken from None


def settle(app: str, *, work: uuid.UUID, answer: Answer) -> Answer:
    """Keep the answer of ``work``; the first one kept is the one that everybody gets."""
    rows = IdempotencyKey.objects.using(app).filter(work=work)
    body = msgspec.json.encode(answer.body).decode()
    if rows.filter(status=None).update(status=answer.status, body=body):
        return answer
    kept = rows.first()
    return answer if kept is None else answer_of(kept)


def release(app: str, *, work: uuid.UUID) -> None:
    """Free the key of ``work`` that came to nothing, so that a repeat starts anew."""
    IdempotencyKey.objects.using(app).filter(work=work, status=None).delete()


def answer_of(row: IdempotencyKey) -> Answer:
    """The answer kept in a settled claim."""
    assert row.status is not None, "only a settled claim has an answer"
    return Answer(status=row.status, body=msgspec.json.decode(row.body))
