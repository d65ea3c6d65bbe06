"""The catalogue's URLs, as whole paths from the root."""

from django.contrib.sitemaps.views import index, sitemap
from django.urls import path

from apps.product import api, views
from apps.product.sitemap import Products

app_name = "product"
SITEMAPS = {"products": Products}

urlpatterns = [
    path("products/", views.product_list, name="list"),
    path(
        "products/sitemap.xml", index, {"sitemaps": SITEMAPS, "sitemap_url_name": "product:sitemap"}
    ),
    path("products/sitemap-<section>.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("products/media/<path:path>", views.media, name="media"),
    path("products/<slug:slug>/", views.product_detail, name="detail"),
]
api_urlpatterns = [
    path("api/products/", api.ProductList.as_view(), name="api-list"),
    path("api/products/<sku>/", api.ProductDetail.as_view(), name="api-detail"),
]
