"""Invoice's pages and API; whole paths from the root."""

from __future__ import annotations

from django.urls import path

from apps.invoice import api, views

app_name = "invoice"

urlpatterns = [
    path("invoices/<str:number>.pdf", views.pdf, name="pdf"),
    path("invoices/<str:number>/", views.detail, name="detail"),
]

api_urlpatterns = [
    path("api/invoices/<str:number>/", api.DocumentDetail.as_view(), name="api-detail"),
    path("api/invoices/<str:number>/pdf/", api.DocumentPdf.as_view(), name="api-pdf"),
]
