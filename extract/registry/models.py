"""What an operator decided about instances: it must outlive the registry."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Drained(models.Model):
    """An instance taken out of service: it gets no new work until it is enabled.

    ``instance`` is its id; ``seen`` when the registry last listed it, to within a minute.
    """

    instance = models.CharField(primary_key=True, max_length=40)
    by = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)
    seen = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "drained instances"

    def __str__(self) -> str:
        return f"{self.instance} (by {self.by})"
