"""Django's model fields for what people write: forms made of the model, the admin's too, and
``full_clean`` take it by the one definition. To the database, and so to migrations, they are the
fields that they are made of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models

from extract.text import form_fields
from extract.text.line import one_line, paragraphs
from extract.text.mail_address import email_address


class LineField(models.CharField):  # type: ignore[type-arg]
    def deconstruct(self) -> Any:
        return _plain(super().deconstruct(), "CharField")

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return super().clean(_by(one_line, value), model_instance)

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": form_fields.LineField, **options})


class ParagraphsField(models.TextField):  # type: ignore[type-arg]
    def deconstruct(self) -> Any:
        return _plain(super().deconstruct(), "TextField")

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return super().clean(_by(paragraphs, value), model_instance)

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": form_fields.ParagraphsField, **options})


class EmailField(models.EmailField):  # type: ignore[type-arg]
    def deconstruct(self) -> Any:
        return _plain(super().deconstruct(), "EmailField")

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return super().clean(_by(email_address, value), model_instance)

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": form_fields.EmailField, **options})


def _by(definition: Callable[[str], str], value: Any) -> Any:
    return definition(value) if isinstance(value, str) and value else value


def _plain(deconstructed: Any, field: str) -> Any:
    name, _, args, kwargs = deconstructed
    return name, f"django.db.models.{field}", args, kwargs
