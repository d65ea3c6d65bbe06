"""The back office's forms: an edit that is told when it comes second, and a delivery."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import FileExtensionValidator
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from apps.product.models import Product

PICTURE_TYPES = ("webp", "jpg", "jpeg", "png", "gif")
LARGEST_PICTURE = 5 * 1024 * 1024
MOST_PIECES = 1_000_000
MOST_STOCK = 2**31 - 1


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]
    """Carries the version that was shown; refuses to overwrite a later one."""

    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Product
        fields = (
            "sku", "name", "slug", "description", "category", "price", "tax_class", "image",
            "is_active", "initial",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["seen_version"].initial = self.instance.version
        if "image" in self.fields:
            self.fields["image"].validators.append(FileExtensionValidator(PICTURE_TYPES))

    def clean_image(self) -> Any:
        image = self.cleaned_data["image"]
        if isinstance(image, UploadedFile) and (image.size or 0) > LARGEST_PICTURE:
            raise ValidationError("This picture is larger than 5 MB; use a smaller one.")
        return image

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
