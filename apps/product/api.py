"""The catalogue's API. An edit names the version it was made from, so that of two editors
one is told.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags, quote_etag
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.product import queries, services
from apps.product.contract import UnknownSku
from apps.product.filters import LONGEST_SEARCH, ProductFilter
from apps.product.models import Product
from apps.product.problems import VersionRequired, VersionStale
from apps.product.serializers import (
    ProductEditSerializer,
    ProductSerializer,
    ProductSummarySerializer,
)
from extract.edge.authentication import operates
from extract.edge.schema import problems

ANY = "*"
SEARCH = {"type": "string", "maxLength": LONGEST_SEARCH}
PRICE = {"type": "number", "minimum": 0, "maximum": 99_999_999, "multipleOf": 0.01}


class EditByStaff(BasePermission):
    """Everyone reads; staff edits."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or operates(request, "product")


class ProductList(generics.ListAPIView[Product]):
    """The products on sale, by name unless ``ordering`` says otherwise.

    ``search`` finds products with every word in name, SKU, category or description, whatever
    its case, accents and ending, those that fit best first; where no product has them, near words
    are taken. A filter that makes no sense is a 422; a parameter that is not known here has no
    effect.
    """

    serializer_class = ProductSummarySerializer
    filter_backends = (DjangoFilterBackend,)
    filterset_class = ProductFilter

    def get_queryset(self) -> QuerySet[Product]:
        return queries.products_on_sale().defer("description")

    @extend_schema(
        operation_id="products_list",
        parameters=[
            OpenApiParameter("search", SEARCH, description="Words that all must be found."),
            OpenApiParameter("category", str, description="The slug of a category."),
            OpenApiParameter("min_price", PRICE, description="Net, in the shop's currency."),
            OpenApiParameter("max_price", PRICE, description="Net, in the shop's currency."),
        ],
        responses={
            200: ProductSummarySerializer(many=True),
            **problems(
                {
                    404: "There is no such page.",
                    422: "A filter makes no sense.",
                }
            ),
        },
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=[200],
    description="Changes with what can be edited, not with stock.",
)
SKU = OpenApiParameter("sku", str, OpenApiParameter.PATH)


class ProductDetail(generics.GenericAPIView[Product]):
    """One product, to read and for staff to edit."""

    serializer_class = ProductSerializer
    permission_classes = (EditByStaff,)
    queryset = Product.objects.none()

    @extend_schema(
        operation_id="products_retrieve",
        auth=[{"session": []}, {"basic": []}, {}],  # type: ignore[list-item]
        parameters=[
            SKU,
            ETAG,
            OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER),
        ],
        responses={
            200: ProductSerializer,
            304: OpenApiResponse(description="What can be edited is as If-None-Match knows it."),
            **problems({404: "There is no such product on sale."}),
        },
    )
    def get(self, request: Request, sku: str) -> HttpResponseBase:
        """One product. Staff also sees those that are not on sale."""
        product = self._product(sku)
        if _knows(request.headers.get("If-None-Match", ""), product):
            response: HttpResponseBase = HttpResponseNotModified()
            response["ETag"] = etag_of(product)
            return _uncached(response)
        return self._answer(product)

    @extend_schema(
        operation_id="products_edit",
        parameters=[
            SKU,
            ETAG,
            OpenApiParameter(
                "If-Match",
                str,
                OpenApiParameter.HEADER,
                required=True,
                description="The ETag of the product as you read it; left out, the answer is 428.",
            ),
        ],
        request=ProductEditSerializer,
        responses={
            200: ProductSerializer,
            **problems(
                {
                    400: "The body is not JSON.",
                    401: "Nobody is signed in.",
                    403: "Only staff edits products; or the CSRF token is missing.",
                    404: "There is no such product.",
                    412: "The product was edited since you read it.",
                    415: "The body is not application/json.",
                    422: "Fields are unknown or wrong.",
                    428: "If-Match is missing.",
                }
            ),
        },
    )
    def patch(self, request: Request, sku: str) -> HttpResponseBase:
        """Edit a product as it was when you read it. Of two editors, the second is told."""
        condition = request.headers.get("If-Match", "").strip()
        if not condition:
            raise VersionRequired
        product = self._product(sku)
        if not _matches(condition, product):
            raise VersionStale
        edit = ProductEditSerializer(data=request.data)
        edit.is_valid(raise_exception=True)
        return self._answer(_edited(product, edit.validated_data, condition))

    def _product(self, sku: str) -> Product:
        product = queries.product_by_sku(sku, even_inactive=operates(self.request, "product"))
        if product is None:
            raise Http404
        return product

    def _answer(self, product: Product) -> Response:
        headers = {"ETag": etag_of(product)}
        return _uncached(Response(self.get_serializer(product).data, headers=headers))


def etag_of(product: Product) -> str:
    """The strong validator of what can be edited of the product."""
    return quote_etag(f"{product.pk}-{product.version}")


def _matches(condition: str, product: Product) -> bool:
    """RFC 9110's strong comparison: a weak tag never matches, nor does what is no tag."""
    tags = parse_etags(condition)
    return tags == [ANY] or etag_of(product) in tags


def _knows(condition: str, product: Product) -> bool:
    """RFC 9110's weak comparison, for reading."""
    tags = parse_etags(condition)
    return tags == [ANY] or etag_of(product) in (tag.removeprefix("W/") for tag in tags)


def _edited(product: Product, changes: dict[str, Any], condition: str) -> Product:
    if not changes:
        return product
    try:
        return services.product_edit(sku=product.sku, version=product.version, changes=changes)
    except UnknownSku:
        raise Http404 from None
    except services.StaleVersion:
        now = queries.product_by_sku(product.sku, even_inactive=True)
        if now is None or condition != ANY:
            raise VersionStale from None
        return _edited(now, changes, condition)


def _uncached(response: Any) -> Any:
    # Stock is not part of the ETag, so no cache may answer with an old one by itself.
    response["Cache-Control"] = "no-store"
    return response
