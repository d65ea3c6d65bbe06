"""A saga's state is a row in its app's own alias, so that any process can resume it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class SagaRun(models.Model):
    """One run of a saga.

    ``step`` names the step to do next (or, while compensating, to undo next).
    ``holder`` is the token of the one run that may advance the row until ``held_until``:
    every advance is fenced by it. ``state`` is the saga's own JSON; ``refusal`` says why it
    compensates. ``deadline_at`` counts before the pivot only. ``failure`` names the error of the
    last try, ``failures`` how many tries in a row ended in it, ``failing_since`` when they began.
    """

    class Status(models.TextChoices):
        RUNNING = "running"
        COMPENSATING = "compensating"
        FINISHED = "finished"
        COMPENSATED = "compensated"

    UNFINISHED = (Status.RUNNING, Status.COMPENSATING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    saga = models.CharField(max_length=50)
    step = models.CharField(max_length=50)
    status = models.CharField(max_length=12, choices=Status, default=Status.RUNNING)
    past_pivot = models.BooleanField(default=False)
    state = models.JSONField(default=dict)
    refusal = models.JSONField(null=True, blank=True)
    deadline_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    failure = models.CharField(max_length=100, blank=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=36, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)
    correlation_id = models.CharField(max_length=128, blank=True)
    traceparent = models.CharField(max_length=55, blank=True)
    subject = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "extract"
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(status__in=["running", "compensating"]),
                name="extract_saga_unfinished",
            )
        ]

    def __str__(self) -> str:
        return f"{self.saga} {self.id} {self.status}"
