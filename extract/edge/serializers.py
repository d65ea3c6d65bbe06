"""Input that is taken at its word: unknown fields and other types than declared are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import Field

# Without this, DRF takes 12 or 12.0 for "12", and "1" or true for 1.
_TAKEN: tuple[tuple[type[Field[Any, Any, Any, Any]], tuple[type, ...], str], ...] = (
    (serializers.BooleanField, (bool,), "true or false"),
    (serializers.IntegerField, (int,), "an integer"),
    (serializers.FloatField, (int, float), "a number"),
    (serializers.DecimalField, (str, int, float), "a number"),
    (serializers.UUIDField, (str,), "a string"),
    (serializers.CharField, (str,), "a string"),
    (serializers.ChoiceField, (str,), "a string"),
)


class StrictSerializer(serializers.Serializer[Any]):
    """Base of all serializers of input. Unknown fields and wrong types become 422 answers."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            errors = self._refused(data)
            if errors:
                raise ValidationError(errors)
        return super().to_internal_value(data)

    def _refused(self, data: Mapping[str, Any]) -> dict[str, list[Any]]:
        fields = {name: field for name, field in self.fields.items() if not field.read_only}
        errors: dict[str, list[Any]] = {
            str(name): [ErrorDetail("This field is not known here.", code="unknown")]
            for name in data
            if name not in fields
        }
        for name, field in fields.items():
            if data.get(name) is not None and (wrong := _wrong_type(field, data[name])):
                errors[name] = [ErrorDetail(wrong, code="wrong_type")]
        return errors


def _wrong_type(field: Field[Any, Any, Any, Any], value: Any) -> str:
    if isinstance(field, serializers.ListField):
        if not isinstance(value, list):
            return "This must be a list."
        found = (_wrong_type(field.child, item) for item in value if item is not None)
        return next(filter(None, found), "")
    for kind, taken, called in _TAKEN:
        if isinstance(field, kind):
            right = isinstance(value, taken) and (bool in taken or not isinstance(value, bool))
            return "" if right else f"This must be {called}."
    return ""
