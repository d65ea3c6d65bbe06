"""REST framework's fields for what people write; ``validated_data`` holds it as it is kept."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from extract.text.line import as_written, one_line, paragraphs
from extract.text.mail_address import LONGEST_ADDRESS, email_address


class LineField(serializers.CharField):
    def run_validation(self, data: Any = empty) -> Any:
        return super().run_validation(one_line(data) if isinstance(data, str) else data)


class ParagraphsField(serializers.CharField):
    def run_validation(self, data: Any = empty) -> Any:
        return super().run_validation(paragraphs(data) if isinstance(data, str) else data)


class EmailField(serializers.EmailField):
    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", LONGEST_ADDRESS)
        super().__init__(**options)

    def run_validation(self, data: Any = empty) -> Any:
        is_there = isinstance(data, str) and as_written(data)
        return super().run_validation(email_address(data) if is_there else data)
