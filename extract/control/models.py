"""No rows: what may be granted on the control page, and what its entries in the log are about."""

from __future__ import annotations

from django.db import models


class Control(models.Model):
    """The page and what can be done there."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [
            ("view_control", "Can see the control page"),
            ("control_instances", "Can drain, enable and scale instances"),
            ("control_queues", "Can pause queues and decide dead letters"),
        ]
        verbose_name = "control"
        verbose_name_plural = "control"

    def __str__(self) -> str:
        return "control"
