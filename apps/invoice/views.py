"""The pages of a document: as HTML, and as a file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from apps.invoice import services
from apps.invoice.access import access_query, document_for
from apps.invoice.lines import vat_table
from apps.invoice.models import Document


@require_safe
@cache_control(private=True, no_store=True)
def detail(request: HttpRequest, number: str) -> HttpResponse:
    """The document with its lines and VAT table."""
    document = document_for(request, number)
    lines = list(document.lines.all())
    context = {
        "document": document,
        "lines": lines,
        "vat_rows": vat_table(lines),
        "access_query": access_query(request),
    }
    return render(request, "invoice/detail.html", context)


@require_safe
@cache_control(private=True, no_store=True)
def pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The document as a PDF, shown by browsers that can."""
    return pdf_response(document_for(request, number))


def pdf_response(document: Document) -> HttpResponse:
    """The document's PDF under its number as the file's name."""
    response = HttpResponse(services.pdf_keep(document), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{document.number}.pdf"'
    return response
