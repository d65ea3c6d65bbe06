"""Documents over the API: as JSON, and as a file."""

from __future__ import annotations

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.invoice.access import document_for
from apps.invoice.serializers import DocumentOut
from apps.invoice.views import pdf_response
from extract.edge import IgnoreAccept
from extract.edge.schema import ACCESS, problems

PARAMETERS = [
    OpenApiParameter("number", OpenApiTypes.STR, OpenApiParameter.PATH, pattern="^[A-Z0-9-]+$"),
    ACCESS,
]
PROBLEMS = problems(
    {
        400: "The request cannot be understood.",
        401: "A wrong credential.",
        404: "There is no such document, or it is another's.",
        429: "Too many requests.",
        503: "A part of the shop is away; try again.",
    }
)
NOT_ACCEPTABLE = problems({406: "Only application/json is answered."})


class DocumentDetail(APIView):
    @extend_schema(
        operation_id="invoice_get",
        summary="An invoice or credit note: one's own, any for staff, or with its access token",
        parameters=PARAMETERS,
        responses={200: DocumentOut, **PROBLEMS, **NOT_ACCEPTABLE},
    )
    def get(self, request: Request, number: str) -> Response:
        document = document_for(request, number)
        prefetch_related_objects([document], "lines")
        return Response(DocumentOut(document, context={"currency": document.currency}).data)


class DocumentPdf(APIView):
    """Answers application/pdf whatever ``Accept`` says."""

    content_negotiation_class = IgnoreAccept

    @extend_schema(
        operation_id="invoice_pdf",
        summary="The same as a PDF",
        parameters=PARAMETERS,
        responses={(200, "application/pdf"): OpenApiTypes.BINARY, **PROBLEMS},
    )
    def get(self, request: Request, number: str) -> HttpResponse:
        return pdf_response(document_for(request, number))
