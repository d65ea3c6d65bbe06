"""Who may see the control page, and who may do what there."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

VIEW = "extract_control.view_control"
INSTANCES = "extract_control.control_instances"
QUEUES = "extract_control.control_queues"

View = Callable[..., HttpResponse]


def needing(permission: str) -> Callable[[View], View]:
    """For staff with the permission; others of them get 403, strangers the admin's sign-in."""

    def guard(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, **kwargs)

        return admin.site.admin_view(guarded)

    return guard


def granted(user: Any) -> frozenset[str]:
    """Which of them the user has."""
    return frozenset(each for each in (VIEW, INSTANCES, QUEUES) if user.has_perm(each))
