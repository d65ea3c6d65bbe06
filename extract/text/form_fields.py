"""Django's form fields for what people write; ``cleaned_data`` holds it as it is kept."""

from __future__ import annotations

from typing import Any

from django import forms

from extract.text.line import as_written, one_line, paragraphs
from extract.text.mail_address import LONGEST_ADDRESS, email_address


class LineField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        return super().to_python(one_line(value) if isinstance(value, str) else value)


class ParagraphsField(forms.CharField):
    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        return super().to_python(paragraphs(value) if isinstance(value, str) else value)


class EmailField(forms.CharField):
    widget = forms.EmailInput

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", LONGEST_ADDRESS)
        super().__init__(**options)

    def to_python(self, value: Any) -> Any:
        is_there = isinstance(value, str) and as_written(value)
        return super().to_python(email_address(value) if is_there else "")
