"""How lists are cut into pages."""

from rest_framework.pagination import PageNumberPagination


class Pagination(PageNumberPagination):
    """DRF's page numbers: ``count``, ``next``, ``previous``, ``results``."""

    page_size = 24
