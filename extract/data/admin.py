"""Django's admin over an app's own alias: saves pass the one door, other work stays outside it."""

from __future__ import annotations

import functools
import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.contrib.admin import ModelAdmin, SimpleListFilter, helpers
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from extract.data.aliases import alias_of
from extract.data.door import owned
from extract.text import uuids_called

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
CONFIRMATION, SEEN = "confirmation", "seen"
LISTED = 100
"""Rows that the confirmation names one by one where all of a list were chosen."""

Action = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]
A = TypeVar("A", bound=Action)


class OwnedAdmin(ModelAdmin):  # type: ignore[type-arg]
    """Put before the ``ModelAdmin`` of an app's model: each writing view is one transaction
    behind the app's door. Actions marked ``outside_transaction`` are not, so that they may
    call contracts.
    """

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with self._door(request):
            return super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with self._door(request):
            return super().delete_view(request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with nullcontext() if self._runs_outside(request) else self._door(request):
            return super().changelist_view(request, *args, **kwargs)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        # Asks the router for the alias of a write, also to merely show what would go.
        with owned_if_app(self.model):
            return super().get_deleted_objects(objs, request)

    def _door(self, request: HttpRequest) -> AbstractContextManager[None]:
        return nullcontext() if request.method in SAFE_METHODS else owned_if_app(self.model)

    def _runs_outside(self, request: HttpRequest) -> bool:
        chosen = request.POST.getlist("action")
        index = request.POST.get("index", "0")
        name = chosen[int(index)] if index.isdecimal() and int(index) < len(chosen) else ""
        action = self.get_actions(request).get(name) if name else None
        return action is not None and getattr(action[0], "outside_transaction", False)


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[type-arg]
    """Put before the ``ModelAdmin`` of rows that are history: to be found and read, no more."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False


class ShortIdSearch(ModelAdmin):  # type: ignore[type-arg]
    """Put before the ``ModelAdmin``: its search also finds rows by the short name of the UUID in
    ``short_id_field``."""

    short_id_field = "pk"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if between := uuids_called(search_term):
            found |= queryset.filter(**{f"{self.short_id_field}__range": between})
        return found, may_repeat


class AttentionFilter(SimpleListFilter):
    """Rows that somebody should look at. ``kinds`` has the words and the condition of each kind,
    by the value that stands in the address."""

    title = "attention"
    parameter_name = "attention"
    kinds: Mapping[str, tuple[str, Callable[[], Q]]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, words) for value, (words, _) in self.kinds.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        kind = self.kinds.get(self.value() or "")
        return queryset.filter(kind[1]()) if kind else queryset


def outside_transaction(
    *, description: str, question: str, permissions: Iterable[str] = ("view",)
) -> Callable[[A], A]:
    """Mark an admin action that calls contracts: asked for once more, then run outside any
    transaction.

    ``question`` is what the confirmation page asks about the rows it lists. ``permissions``
    are as in Django's ``admin.action``. The action opens ``owned`` itself where it writes. All rows
    of a list, however many, are named by the list: if it shows others when it is confirmed, it is
    asked once more.
    """

    def mark(action: A) -> A:
        @functools.wraps(action)
        def confirmed(
            admin: Any, request: HttpRequest, queryset: QuerySet[Any]
        ) -> HttpResponse | None:
            if confirmation(request):
                if not _is_across(request) or request.POST.get(SEEN) == _seen(queryset):
                    return action(admin, request, queryset)
                said = "What the list shows has changed since you were asked. Look again."
                admin.message_user(request, said, messages.WARNING)
            return _ask(admin, request, queryset, action.__name__, description, question)

        vars(confirmed).update(
            outside_transaction=True,
            short_description=description,
            allowed_permissions=tuple(permissions),
        )
        return cast(A, confirmed)

    return mark


def confirmation(request: HttpRequest) -> str:
    """What the confirmation page sent: one id per page shown, so the same again for a double
    click and fit for idempotency keys. "" if nobody confirmed.
    """
    try:
        return str(uuid.UUID(request.POST.get(CONFIRMATION, "")))
    except ValueError:
        return ""


def _is_across(request: HttpRequest) -> bool:
    """Whether all rows of the list were chosen, and not only those on its page."""
    return request.POST.get("select_across") == "1"


def _seen(queryset: QuerySet[Any]) -> str:
    """What tells whether it is still the same rows."""
    digest = hashlib.blake2b(digest_size=16)
    for pk in queryset.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=5000):
        digest.update(f"{pk}\n".encode())
    return digest.hexdigest()


def owned_if_app(model: type[models.Model]) -> AbstractContextManager[None]:
    """The door of the model's app, or no door for the models that belong to no app."""
    label = model._meta.app_label
    return nullcontext() if alias_of(label) == DEFAULT_DB_ALIAS else owned(label)


def _ask(
    admin: Any,
    request: HttpRequest,
    queryset: QuerySet[Any],
    action: str,
    description: str,
    question: str,
) -> HttpResponse | None:
    across = _is_across(request)
    rows, count = list(queryset[:LISTED] if across else queryset), queryset.count()
    if not rows:
        admin.message_user(request, "Nothing was selected.", messages.WARNING)
        return None
    context = {
        **admin.admin_site.each_context(request),
        "title": description,
        "opts": admin.opts,
        "question": question,
        "rows": rows,
        "count": count,
        "more": count - len(rows),
        "across": across,
        "seen_name": SEEN,
        "seen": _seen(queryset) if across else "",
        "action": action,
        "checkbox": helpers.ACTION_CHECKBOX_NAME,
        "confirmation": CONFIRMATION,
        "id": uuid.uuid4(),
    }
    return TemplateResponse(request, "extract/confirm_action.html", context)
