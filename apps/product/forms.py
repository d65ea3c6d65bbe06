"""The back office's forms: an edit that is told when it comes second, and a delivery."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from apps.product.models import Product
from apps.product.pictures import KINDS, PictureRefused, master_of

MEGABYTE = 1024 * 1024
LARGEST_PICTURE = 15 * MEGABYTE
MOST_PIECES = 1_000_000
MOST_STOCK = 2**31 - 1


class PictureField(forms.ImageField):
    """An upload becomes the picture that is kept of it; what was uploaded goes nowhere."""

    def to_python(self, data: Any) -> Any:
        # Not ImageField's, which reads the picture with all of Pillow's formats.
        upload = forms.FileField.to_python(self, data)
        if upload is None:
            return None
        if (upload.size or 0) > LARGEST_PICTURE:
            raise ValidationError(
                f"This file is larger than {LARGEST_PICTURE // MEGABYTE} MB: save the picture "
                f"smaller or at a lower quality, and upload it again."
            )
        try:
            return SimpleUploadedFile("picture.webp", master_of(upload), "image/webp")
        except PictureRefused as error:
            raise ValidationError(str(error)) from error

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        # Told these, a phone converts what it keeps in a format of its own.
        return {"accept": ", ".join(f"image/{kind.lower()}" for kind in KINDS)}


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]
    """Carries the version that was shown; refuses to overwrite a later one."""

    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Product
        fields = (
            "sku", "name", "slug", "description", "category", "price", "tax_class", "image",
            "is_active", "initial",
        )  # fmt: skip
        field_classes = {"image": PictureField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["seen_version"].initial = self.instance.version

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.pk:
            # Locked until the edit is saved, so that what is found here still holds then.
            rows = Product.objects.select_for_update(no_key=True).filter(pk=self.instance.pk)
            version = rows.values_list("version", flat=True).get()
            if self.cleaned_data.get("seen_version") != version:
                raise ValidationError(
                    "Someone else has edited this product since you opened it. Nothing was "
                    "saved: open it again and repeat your edit.",
                    code="stale",
                )
        return cleaned


class DeliveryForm(forms.Form):
    """Pieces to book in. ``reference`` makes a form sent twice count once."""

    quantity = forms.IntegerField(
        min_value=1, max_value=MOST_PIECES, widget=UnfoldAdminIntegerFieldWidget
    )
    reference = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, product: Product, *args: Any) -> None:
        super().__init__(*args)
        self.product = product

    def clean_quantity(self) -> int:
        quantity: int = self.cleaned_data["quantity"]
        if max(self.product.on_hand, self.product.restocked) + quantity > MOST_STOCK:
            raise ValidationError("So many pieces cannot be kept in the books of one product.")
        return quantity
