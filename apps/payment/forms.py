"""The forms of the cart and the checkout."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.payment.checkout import Address
from apps.payment.models import MAX_QUANTITY, Order
from apps.payment.validators import COUNTRIES, longest, postcode_fits
from extract.text.form_fields import EmailField, LineField

HOME_COUNTRY = "GB"
TEST_CARDS = {
    "tok_visa": "Test card that is accepted",
    "tok_declined": "Test card that is declined",
    "tok_timeout": "Test card whose first answer gets lost",
    "tok_twice": "Test card that answers twice",
}


class QuantityForm(forms.Form):
    """How many pieces of a product."""

    quantity = forms.IntegerField(min_value=1, max_value=MAX_QUANTITY)


class PostcodeField(LineField):
    """Which country it is decides whether it is required."""

    is_required_at_times = True


def _line_of(
    name: str,
    label: str,
    autocomplete: str,
    *,
    required: bool = True,
    kind: type[LineField] = LineField,
) -> LineField:
    return kind(
        label=label,
        max_length=longest(name),
        required=required,
        widget=forms.TextInput(attrs={"autocomplete": autocomplete}),
    )


class CheckoutForm(forms.Form):
    name = _line_of("name", "Name", "name")
    email = EmailField(
        label="E-mail",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    line1 = _line_of("line1", "Address", "address-line1")
    line2 = _line_of("line2", "Address, second line", "address-line2", required=False)
    city = _line_of("city", "Town or city", "address-level2")
    postcode = _line_of("postcode", "Postcode", "postal-code", required=False, kind=PostcodeField)
    country = forms.ChoiceField(
        label="Country",
        choices=list(COUNTRIES.items()),
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )
    card = forms.ChoiceField(
        label="How you pay",
        choices=list(TEST_CARDS.items()),
        initial="tok_visa",
        widget=forms.RadioSelect,
    )

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if "postcode" in said and "country" in said:
            try:
                postcode_fits(said["country"], said["postcode"])
            except forms.ValidationError as error:
                self.add_error("postcode", error)
        return said

    @property
    def purchase(self) -> dict[str, Any]:
        """The valid form, as ``checkout.place_order`` takes it."""
        said = self.cleaned_data
        lines = {name: said[name] for name in Address.__struct_fields__}
        return {
            "email": said["email"],
            "name": said["name"],
            "address": Address(**lines),
            "provider": "test",
            "token": said["card"],
        }


def said_last_time(order: Order | None) -> dict[str, str]:
    """Initial values of a ``CheckoutForm``: what the customer said last time."""
    if order is None:
        return {"country": HOME_COUNTRY}
    names = ("email", "name", *Address.__struct_fields__)
    said = {name: getattr(order, name) for name in names}
    if said["country"] not in COUNTRIES:
        said["country"] = HOME_COUNTRY
    return said
