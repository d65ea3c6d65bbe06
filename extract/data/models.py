"""The ownership row, and the answers kept for idempotency keys. Both live in each app's alias."""

from __future__ import annotations

import uuid

from django.db import models


class Ownership(models.Model):
    """Which database owns the app's rows: one row per app in each database that ever held them.

    ``here`` names the database the row is read from, ``database`` the one that owns the
    app's rows; a database may be written while the two are the same. A cutover changes
    ``database`` and raises ``epoch`` under the exclusive counterpart of the door's lock.
    """

    app = models.CharField(primary_key=True, max_length=50)
    epoch = models.PositiveIntegerField(default=1)
    database = models.UUIDField(default=uuid.uuid4)
    here = models.UUIDField(default=uuid.uuid4)

    class Meta:
        app_label = "extract"
        verbose_name_plural = "ownership"

    def __str__(self) -> str:
        return f"{self.app} (epoch {self.epoch})"


class IdempotencyKey(models.Model):
    """A key that a client sent, what it was sent with, and the answer it got.

    ``scope`` says whose key it is and what for; ``fingerprint`` is a digest of the request
    body; ``work`` the id of what the key set in motion; ``status`` is null while that is
    under way. ``body`` is JSON as text: a repeated answer is the same to the byte.
    """

    scope = models.CharField(max_length=120)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    work = models.UUIDField()
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "extract"
        constraints = [
            models.UniqueConstraint(fields=["scope", "key"], name="extract_one_answer_per_key")
        ]
        indexes = [models.Index(fields=["work"], name="extract_key_work")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"
