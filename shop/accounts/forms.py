"""Forms of the account pages, on Django's own."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import (
    AuthenticationForm,
    BaseUserCreationForm,
    PasswordChangeForm,
)
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from extract.text.form_fields import EmailField
from shop.accounts.models import LONGEST_NAME, User, account_name

_EMAIL = {"autocomplete": "email"}


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
        attributes = {"autocomplete": "username", "maxlength": LONGEST_NAME}
        field.widget = forms.EmailInput(attrs=attributes)


class AddressForm(forms.Form):
    """Where to mail to: an account's address, or one to be."""

    email = EmailField(label="E-mail address", widget=forms.EmailInput(attrs=_EMAIL))

    def clean_email(self) -> str:
        return account_name(self.cleaned_data["email"])


class RegistrationForm(BaseUserCreationForm):  # type: ignore[type-arg]
    """A new customer, whose address is proved."""

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["first_name", "last_name"]
        field_classes: ClassVar[dict[str, Any]] = {}

    def __init__(self, address: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.email = self.instance.proved_email = address
        _describe(self)


class ProfileForm(AddressForm, forms.ModelForm):  # type: ignore[type-arg, misc]
    """What customers may change about themselves. A new address is theirs when it is proved."""

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["first_name", "last_name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].initial = self.instance.email
        _describe(self)

    @property
    def new_address(self) -> str:
        """The address that was asked for, if it is another one, else ""."""
        address: str = self.cleaned_data["email"]
        return "" if address == self.instance.email else address


class NewPasswordForm(PasswordChangeForm):  # type: ignore[type-arg]
    """The old password is tried at the one door, where guessing is braked."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        old: str = self.cleaned_data["old_password"]
        if authenticate(self.request, username=self.user.email, password=old) != self.user:
            raise ValidationError(
                self.error_messages["password_incorrect"], code="password_incorrect"
            )
        return old


class AgainForm(forms.Form):
    """The password of who is signed in, tried at the one door."""

    password = forms.CharField(
        strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        user = self.request.user
        if authenticate(self.request, username=user.get_username(), password=password) != user:
            raise ValidationError("This is not the password of your account. Please try again.")
        return password


def _describe(form: forms.BaseForm) -> None:
    for name, autocomplete in (("first_name", "given-name"), ("last_name", "family-name")):
        form.fields[name].widget.attrs["autocomplete"] = autocomplete
