"""Payment's HTTP API: carts, checkout, orders, refunds."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from apps.payment import carts, queries, refunds
from apps.payment.checkout import Address, Refused, place
from apps.payment.leaving import Leaves
from apps.payment.models import Cart
from apps.payment.problems import AccountEnding, CartOrdered
from apps.payment.serializers import (
    CartItemIn,
    CartOut,
    CheckoutIn,
    CheckoutOut,
    NothingIn,
    OrderOut,
    RefundAnswerOut,
    RefundIn,
)
from apps.product.contract import UnknownSku
from extract.data.idempotency import Answer
from extract.edge import (
    CONTENT_TYPE,
    ApiThrottle,
    NotFound,
    StrictSerializer,
    access_hash,
    idempotency_key,
)
from extract.edge.authentication import operates
from extract.edge.schema import ACCESS, problems
from extract.identity import Identity

MEANINGS = {
    400: "The body is not JSON, or the Idempotency-Key is missing or malformed.",
    401: "Not signed in, or a wrong credential.",
    402: "The payment was declined; final for its key, the cart stays open.",
    403: "Not allowed, or the CSRF token is missing.",
    404: "There is no such thing, or it is another's.",
    406: "Only application/json is answered.",
    409: "It stands against the state of things: see the problem's type.",
    415: "The body is not application/json.",
    422: "Bad, missing or unknown fields, or a key reused for another body.",
    429: "Too many requests.",
    503: "A part of the shop is away; nothing happened, try again.",
}
KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="1 to 255 printable ASCII characters: the same key, the same effect and answer.",
)


def answers(*statuses: int, **done: Any) -> dict[Any, Any]:
    """What an operation answers: ``s200=CartOut`` and the problems it may end in."""
    found: dict[Any, Any] = {int(name[1:]): serializer for name, serializer in done.items()}
    possible = sorted({400, 401, 406, 429, 503, *statuses})
    return found | problems({status: MEANINGS[status] for status in possible})


class PaymentView(APIView):
    # No docstring: the schema would say it of every operation.
    request: Request

    @property
    def identity(self) -> Identity:
        return self.request._request.identity  # type: ignore[attr-defined, no-any-return]

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Refused):
            return answered(exc.answer)
        if isinstance(exc, carts.CartNotFound | refunds.OrderNotFound | UnknownSku):
            exc = NotFound(detail=str(exc))
        elif isinstance(exc, carts.CartClosed):
            exc = CartOrdered()
        elif isinstance(exc, Leaves):
            exc = AccountEnding()
        return super().handle_exception(exc)


def answered(answer: Answer) -> Response:
    """A kept answer as a response; what is no success is a problem."""
    content_type = CONTENT_TYPE if answer.status >= 400 else None
    return Response(answer.body, status=answer.status, content_type=content_type)


def taken(kind: type[StrictSerializer], request: Request) -> Any:
    """The request's body, checked. Raises what becomes a 400 or 422."""
    serializer: BaseSerializer[Any] = kind(data=request.data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


class CartThrottle(ApiThrottle):
    bucket = carts.making


class Carts(PaymentView):
    throttle_classes = [*PaymentView.throttle_classes, CartThrottle]

    @extend_schema(
        operation_id="cart_create",
        summary="Start a cart",
        request=NothingIn,
        responses=answers(403, 415, 422, s201=CartOut),
    )
    def post(self, request: Request) -> Response:
        taken(NothingIn, request)
        cart = carts.cart_new(subject=self.identity.subject)
        return Response(CartOut(queries.cart_view(cart)).data, status=201)


class CartDetail(PaymentView):
    @extend_schema(
        operation_id="cart_get", summary="A cart, with totals", responses=answers(404, s200=CartOut)
    )
    def get(self, request: Request, cart_id: str) -> Response:
        cart = carts.cart_get(cart_id=cart_id, subject=self.identity.subject)
        return _cart(cart)


class CartItemDetail(PaymentView):
    @extend_schema(
        operation_id="cart_item_put",
        summary="Set the quantity of a product",
        request=CartItemIn,
        responses=answers(403, 404, 409, 415, 422, s200=CartOut),
    )
    def put(self, request: Request, cart_id: str, sku: str) -> Response:
        quantity = taken(CartItemIn, request)["quantity"]
        cart = carts.cart_get(cart_id=cart_id, subject=self.identity.subject)
        carts.cart_put(cart=cart, sku=sku, quantity=quantity)
        return _cart(cart)

    @extend_schema(
        operation_id="cart_item_delete",
        summary="Take a product out",
        responses=answers(403, 404, 409, s200=CartOut),
    )
    def delete(self, request: Request, cart_id: str, sku: str) -> Response:
        cart = carts.cart_get(cart_id=cart_id, subject=self.identity.subject)
        carts.cart_remove(cart=cart, sku=sku)
        return _cart(cart)


class Checkout(PaymentView):
    @extend_schema(
        operation_id="checkout",
        summary="Order what is in a cart, and pay",
        parameters=[KEY],
        request=CheckoutIn,
        responses=answers(402, 403, 404, 409, 415, 422, s201=CheckoutOut),
    )
    def post(self, request: Request) -> Response:
        key = idempotency_key(request)
        wanted = taken(CheckoutIn, request)
        answer = place(
            key=key,
            cart_id=wanted["cart"],
            subject=self.identity.subject,
            email=wanted["email"],
            name=wanted["name"],
            address=Address(**wanted["address"]),
            provider=wanted["payment"]["provider"],
            token=wanted["payment"]["token"],
        )
        return answered(answer)


class Orders(PaymentView, ListAPIView):  # type: ignore[type-arg]
    permission_classes = [IsAuthenticated]
    serializer_class = OrderOut

    def get_queryset(self) -> Any:
        return queries.orders_visible(self.identity).prefetch_related("lines", "refunds")

    @extend_schema(
        operation_id="order_list",
        summary="One's own orders, newest first; all of them for staff",
        responses=answers(404, s200=OrderOut(many=True)),
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class OrderDetail(PaymentView):
    @extend_schema(
        operation_id="order_get",
        summary="An order: one's own, any for staff, or with its access token",
        parameters=[ACCESS],
        responses=answers(404, s200=OrderOut),
    )
    def get(self, request: Request, order_id: str) -> Response:
        order = queries.order_for(order_id, self.identity, access_hash(request))
        if order is None:
            raise NotFound
        return Response(OrderOut(order).data)


class ByOperators(BasePermission):
    """Who runs payment."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return operates(request, "payment")


class Refunds(PaymentView):
    permission_classes = [ByOperators]

    @extend_schema(
        operation_id="refund_create",
        summary="Refund pieces of lines, or all that is left of the order (staff)",
        parameters=[KEY],
        request=RefundIn,
        responses=answers(403, 404, 409, 415, 422, s201=RefundAnswerOut),
    )
    def post(self, request: Request, order_id: str) -> Response:
        key = idempotency_key(request)
        lines = taken(RefundIn, request).get("lines")
        answer = refunds.request(
            key=key,
            order_id=_order_id(order_id),
            lines=[(line["line"], line["quantity"]) for line in lines] if lines else None,
            requested_by=self.identity.subject,
        )
        return answered(answer)


def _cart(cart: Cart) -> Response:
    return Response(CartOut(queries.cart_view(cart)).data)


def _order_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise refunds.OrderNotFound() from None
