"""What an operator did on the control page: kept in the admin's log, told to the security log."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest

from extract.control.models import Control
from extract.identity.security_log import security_event


def record(request: HttpRequest, action: str, what: str, said: str) -> None:
    """``action`` is a word like ``drain``, ``what`` it was done to, ``said`` how it went."""
    user: Any = request.user
    LogEntry.objects.create(
        user_id=user.pk,
        content_type_id=ContentType.objects.get_for_model(Control).pk,
        object_id=what[:200],
        object_repr=what[:200],
        action_flag=CHANGE,
        change_message=said,
    )
    security_event(
        f"control.{action}",
        subject=str(getattr(user, "subject", user.pk)),
        id=what,
        request=request,
        category="configuration",
    )
