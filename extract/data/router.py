"""Sends every model to its app's alias, and refuses a write that did not pass the door."""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS, models

from extract.data.aliases import alias_of
from extract.data.door import door_is_open
from extract.data.errors import OutsideDoor

LAYER = "extract"


class OwnerRouter:
    """Django database router: an app's rows live in the alias of its name.

    The layer's own tables (outbox, inbox, sagas, ...) exist in each app's alias; code
    that touches them names the alias with ``using``.
    """

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        if model._meta.app_label == LAYER:
            return self._alias_of_layer_row(model, hints)
        return alias_of(model._meta.app_label)

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str:
        if model._meta.app_label == LAYER:
            return self._alias_of_layer_row(model, hints)
        alias = alias_of(model._meta.app_label)
        if alias != DEFAULT_DB_ALIAS and not door_is_open(alias):
            raise OutsideDoor(alias, model.__name__)
        return alias

    def allow_relation(self, obj1: models.Model, obj2: models.Model, **hints: Any) -> bool:
        return alias_of(obj1._meta.app_label) == alias_of(obj2._meta.app_label)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        if app_label == LAYER:
            return db != DEFAULT_DB_ALIAS
        return db == alias_of(app_label)

    @staticmethod
    def _alias_of_layer_row(model: type[models.Model], hints: dict[str, Any]) -> str:
        instance = hints.get("instance")
        alias = instance._state.db if instance is not None else None
        if alias is None:
            raise LookupError(f"{model.__name__} exists once per app; name one with using(app).")
        return str(alias)
