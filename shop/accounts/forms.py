"""Forms of the account pages, on Django's own."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.forms import AuthenticationForm, BaseUserCreationForm
from django.http import HttpRequest

from shop.accounts.models import User


class LoginForm(AuthenticationForm):
    """E-mail address and password."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "No account has this e-mail address and password. Please check both.",
    }

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        field = self.fields["username"]
        field.label = "E-mail address"
        field.widget = forms.EmailInput(attrs={"autocomplete": "username", "maxlength": 254})

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).strip().lower()


class UniqueEmail:
    """Addresses are kept in lower case, so that one person has one account."""

    cleaned_data: dict[str, Any]

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class RegistrationForm(UniqueEmail, BaseUserCreationForm):  # type: ignore[type-arg]
    """A new customer."""

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["first_name", "last_name", "email"]
        field_classes: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _describe(self)


class ProfileForm(UniqueEmail, forms.ModelForm):  # type: ignore[type-arg]
    """What customers may change about themselves."""

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["first_name", "last_name", "email"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _describe(self)


def _describe(form: forms.BaseForm) -> None:
    for name, autocomplete in (
        ("first_name", "given-name"),
        ("last_name", "family-name"),
        ("email", "email"),
    ):
        form.fields[name].widget.attrs["autocomplete"] = autocomplete
    form.fields["email"].error_messages["unique"] = (
        "There is an account with this e-mail address already. Sign in instead."
    )
