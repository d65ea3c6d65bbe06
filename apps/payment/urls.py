"""Payment's pages and API; whole paths from the root."""

from __future__ import annotations

from django.urls import path

from apps.payment import api, views
from apps.payment.checkout_page import checkout

app_name = "payment"

urlpatterns = [
    path("cart/", views.cart, name="cart"),
    path("cart/add/", views.cart_add, name="cart-add"),
    path("cart/items/<str:sku>/", views.cart_item, name="cart-item"),
    path("checkout/", checkout, name="checkout"),
    path("orders/", views.orders, name="orders"),
    path("orders/<uuid:pk>/", views.order, name="order"),
]

api_urlpatterns = [
    path("api/carts/", api.Carts.as_view(), name="api-carts"),
    path("api/carts/<str:cart_id>/", api.CartDetail.as_view(), name="api-cart"),
    path(
        "api/carts/<str:cart_id>/items/<str:sku>/",
        api.CartItemDetail.as_view(),
        name="api-cart-item",
    ),
    path("api/checkout/", api.Checkout.as_view(), name="api-checkout"),
    path("api/orders/", api.Orders.as_view(), name="api-orders"),
    path("api/orders/<str:order_id>/", api.OrderDetail.as_view(), name="api-order"),
    path("api/orders/<str:order_id>/refunds/", api.Refunds.as_view(), name="api-refunds"),
]
