"""What became of an order's receipt, over the API."""

from __future__ import annotations

import hmac
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.receipt.models import Receipt
from apps.receipt.queries import receipt_of
from extract.edge import NotFound, access_hash
from extract.edge.schema import ACCESS, problems
from extract.identity import Identity

PROBLEMS = problems(
    {
        400: "The request cannot be understood.",
        401: "A wrong credential.",
        404: "No such receipt yet, or the order is another's.",
        406: "Only application/json is answered.",
        429: "Too many requests.",
        503: "A part of the shop is away; try again.",
    }
)


class ReceiptOut(serializers.Serializer[Receipt]):
    """``message_id`` is the mail's Message-ID, the same however often it is sent."""

    status = serializers.ChoiceField(choices=Receipt.Status.values)
    message_id = serializers.CharField()


class ReceiptDetail(APIView):
    @extend_schema(
        operation_id="receipt_get",
        summary="What became of the order's receipt: one's own, any for staff, or with its token",
        parameters=[ACCESS],
        responses={200: ReceiptOut, **PROBLEMS},
    )
    def get(self, request: Request, order: UUID) -> Response:
        receipt = receipt_of(order)
        identity = request._request.identity  # type: ignore[attr-defined]
        if receipt is None or not _may_open(identity, access_hash(request), receipt):
            raise NotFound
        return Response(ReceiptOut(receipt).data)


def _may_open(identity: Identity, presented: str, receipt: Receipt) -> bool:
    if identity.operates("receipt"):
        return True
    if identity.is_authenticated and identity.subject == receipt.subject:
        return True
    return bool(receipt.access_hash) and hmac.compare_digest(presented, receipt.access_hash)
