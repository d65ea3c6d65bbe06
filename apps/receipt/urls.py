"""Receipt's API; whole paths from the root. It has no pages: a receipt is a mail."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.receipt import api

app_name = "receipt"

urlpatterns: list[URLPattern] = []

api_urlpatterns = [
    path("api/receipts/<uuid:order>/", api.ReceiptDetail.as_view(), name="api-detail"),
]
