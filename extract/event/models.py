"""The outbox, the inbox and what orders them. Every table lives in each app's own alias."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class EventSequence(models.Model):
    """The last sequence number given to an aggregate's events; its lock orders publishers."""

    aggregate = models.CharField(primary_key=True, max_length=100)
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        app_label = "extract"

    def __str__(self) -> str:
        return f"{self.aggregate} {self.last}"


class EventRow(models.Model):
    """The columns of an envelope, and how far its delivery or handling has come.

    ``payload`` is the event as JSON text. ``due_at`` is when the next attempt may be made, by
    the database's clock.
    """

    event_id = models.UUIDField(default=uuid.uuid4)
    type = models.CharField(max_length=100)
    version = models.PositiveIntegerField()
    aggregate = models.CharField(max_length=100)
    sequence = models.PositiveBigIntegerField()
    occurred_at = models.DateTimeField()
    correlation_id = models.CharField(max_length=128)
    traceparent = models.CharField(max_length=55, blank=True)
    subject = models.CharField(max_length=64, blank=True)
    payload = models.TextField()
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    last_error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        app_label = "extract"

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class OutboxEvent(EventRow):
    """An event waiting for, or confirmed by, one subscribing app.

    ``sent_at`` is when it was handed over last, ``sent_to`` where, ``sends`` how often: until its
    confirmation it may be handed over again. It is never given up here.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"

    subscriber = models.CharField(max_length=50)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_to = models.CharField(max_length=100, blank=True)
    sends = models.PositiveIntegerField(default=0)

    class Meta(EventRow.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["event_id", "subscriber"], name="extract_outbox_once_per_subscriber"
            )
        ]
        indexes = [
            models.Index(
                fields=["subscriber", "aggregate", "sequence"],
                condition=Q(state="waiting"),
                name="extract_outbox_waiting",
            ),
            models.Index(
                fields=["due_at"], condition=Q(state="waiting"), name="extract_outbox_due"
            ),
            models.Index(fields=["done_at"], name="extract_outbox_done"),
        ]


class InboxEvent(EventRow):
    """An event that arrived at this app; ``consumer`` is the app's name.

    ``recorded_at`` is when its first step took effect, with the row or after it. ``handed_to`` is
    where somebody was asked to finish it, until somebody claims it. DEAD is a dead
    letter: it was tried as often as may be, and it and what came after it of its aggregate wait
    for somebody to decide. ``excused`` is how many of its attempts do not count, since what they
    needed was away. Rows of one aggregate came in order, so their ids are in order.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        DEAD = "dead"
        DISCARDED = "discarded"

    UNDECIDED = (State.WAITING, State.DEAD)
    """What later events of the same aggregate wait for."""

    consumer = models.CharField(max_length=50)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    excused = models.PositiveIntegerField(default=0, db_default=0)
    recorded_at = models.DateTimeField(null=True, blank=True)
    handed_to = models.CharField(max_length=100, blank=True)

    class Meta(EventRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["consumer", "event_id"], name="extract_inbox_once")
        ]
        indexes = [
            # Whole: of a condition with two states SQLite could not tell that it is met.
            models.Index(fields=["aggregate", "state", "id"], name="extract_inbox_undecided"),
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="extract_inbox_due"),
            # Covering, or SQLite would rather count the dead ones by the first of these.
            models.Index(
                fields=["state", "id"], condition=Q(state="dead"), name="extract_inbox_dead"
            ),
            models.Index(fields=["done_at"], name="extract_inbox_done"),
        ]


class Verdict(models.Model):
    """What somebody decided of a dead letter, and what was known of it then."""

    class Decision(models.TextChoices):
        RETRIED = "retried"
        DISCARDED = "discarded"

    event_id = models.UUIDField(db_index=True)
    type = models.CharField(max_length=100)
    aggregate = models.CharField(max_length=100)
    correlation_id = models.CharField(max_length=128)
    decision = models.CharField(max_length=10, choices=Decision)
    by = models.CharField(max_length=150)
    decided_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveIntegerField()
    error = models.TextField(blank=True)

    class Meta:
        app_label = "extract"

    def __str__(self) -> str:
        return f"{self.type} {self.event_id} {self.decision} by {self.by}"


class Beat(models.Model):
    """When a periodic work of the app is due next, by the database's clock."""

    name = models.CharField(primary_key=True, max_length=100)
    due_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "extract"

    def __str__(self) -> str:
        return f"{self.name} due {self.due_at}"


class RelayLease(models.Model):
    """Who relays the app's outbox now: one holder, ``until`` by the database's clock.

    A lease that has lapsed may be taken over. Given back, it has no holder.
    """

    app = models.CharField(primary_key=True, max_length=50)
    holder = models.CharField(max_length=64)
    until = models.DateTimeField()

    class Meta:
        app_label = "extract"

    def __str__(self) -> str:
        return f"{self.app} held by {self.holder}"


class Pause(models.Model):
    """That the app's inbox is to rest: its events arrive, and wait until somebody resumes it."""

    app = models.CharField(primary_key=True, max_length=50)
    by = models.CharField(max_length=150)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        app_label = "extract"

    def __str__(self) -> str:
        return f"{self.app} paused by {self.by}"
