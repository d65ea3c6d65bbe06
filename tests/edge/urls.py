"""Views that show what the edge does before and after a view."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from extract.call import NotSent
from extract.edge import StrictSerializer, access_hash, idempotency_key
from extract.edge.errors import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


class Inner(StrictSerializer):
    line1 = serializers.CharField(max_length=5)


class Order(StrictSerializer):
    quantity = serializers.IntegerField(min_value=1, max_value=9999)
    name = serializers.CharField(max_length=10, required=False)
    price = serializers.DecimalField(max_digits=6, decimal_places=2, required=False)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    address = Inner(required=False)


class Echo(APIView):
    def get(self, request: Request) -> Response:
        identity = request.user.identity
        return Response({"subject": identity.subject, "roles": identity.roles})

    def post(self, request: Request) -> Response:
        order = Order(data=request.data)
        order.is_valid(raise_exception=True)
        return Response(order.validated_data)


class Private(Echo):
    permission_classes = [IsAuthenticated]


class Staff(Echo):
    permission_classes = [IsAdminUser]


class Keyed(APIView):
    def post(self, request: Request) -> Response:
        return Response({"key": idempotency_key(request), "access": access_hash(request)})


class Broken(APIView):
    def get(self, request: Request) -> Response:
        raise {"bug": RuntimeError, "away": _away}[request.GET["how"]]()


def _away() -> Any:
    return NotSent("product.quote", "nobody listens")


urlpatterns = [
    path("api/echo/", Echo.as_view()),
    path("api/private/", Private.as_view()),
    path("api/staff/", Staff.as_view()),
    path("api/keyed/", Keyed.as_view()),
    path("api/broken/", Broken.as_view()),
]
