"""The catalogue's URLs, as whole paths from the root."""

from django.urls import path

from apps.product import api, views

app_name = "product"

urlpatterns = [
    path("products/", views.product_list, name="list"),
    path("products/media/<path:path>", views.media, name="media"),
    path("products/<slug:slug>/", views.product_detail, name="detail"),
]
api_urlpatterns = [
    path("api/products/", api.ProductList.as_view(), name="api-list"),
    path("api/products/<sku>/", api.ProductDetail.as_view(), name="api-detail"),
]
