"""What customers asked for: what is held about them, or to be forgotten."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Request(models.Model):
    """``subject`` is who asked; null once they are erased. ``due_at`` is when the next try may be
    made, ``last_error`` why the last one did not end it. An erasure's id is that of its saga. An
    export is written down when it has ended, one way or the other.
    """

    class Kind(models.TextChoices):
        EXPORT = "export"
        ERASURE = "erasure"

    class State(models.TextChoices):
        UNDER_WAY = "under way"
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    subject = models.UUIDField("customer's id", null=True, blank=True, db_index=True)
    state = models.CharField(max_length=10, choices=State, default=State.UNDER_WAY)
    asked_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    last_error = models.TextField(blank=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject"],
                condition=Q(kind="erasure", state="under way"),
                name="rights_one_erasure",
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="under way"), name="rights_under_way")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
