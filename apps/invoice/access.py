"""Who may open a document: its owner, staff, or whoever presents the order's access token."""

from __future__ import annotations

import hmac

from django.http import Http404, HttpRequest
from django.utils.http import urlencode
from rest_framework.request import Request

from apps.invoice.contract import UnknownInvoice
from apps.invoice.models import Document
from apps.invoice.queries import document_numbered
from extract.edge import access_hash
from extract.identity import Identity


def document_for(request: HttpRequest | Request, number: str) -> Document:
    """The document, if it may be opened by who asks. Raises ``Http404`` in every other case."""
    try:
        document = document_numbered(number)
    except UnknownInvoice:
        raise Http404 from None
    if not _may_open(_identity(request), access_hash(request), document):
        raise Http404
    return document


def access_query(request: HttpRequest) -> str:
    """``?access=…`` as it came, for links between the pages of one order; or ""."""
    token = request.GET.get("access")
    return f"?{urlencode({'access': token})}" if token else ""


def _may_open(identity: Identity, presented: str, document: Document) -> bool:
    if identity.operates("invoice"):
        return True
    # A credit note is its invoice's owner's, also one that was issued while that changed.
    owner = (document.invoice or document).subject
    if identity.is_authenticated and identity.subject == owner:
        return True
    return bool(document.access_hash) and hmac.compare_digest(presented, document.access_hash)


def _identity(request: HttpRequest | Request) -> Identity:
    plain = request._request if isinstance(request, Request) else request
    return plain.identity  # type: ignore[attr-defined, no-any-return]
