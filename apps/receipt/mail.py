"""A receipt as a mail: text and HTML, with its document attached."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from apps.invoice.contract import Contents, Pdf
from apps.receipt.failures import Undeliverable
from apps.receipt.models import Receipt
from extract.text import email_address

SUBJECT = {
    Receipt.Kind.PAYMENT: "Your receipt from {shop}: invoice {document}",
    Receipt.Kind.REFUND: "Your refund from {shop}: credit note {document}",
}


def receipt_mail(
    receipt: Receipt, *, contents: Contents, pdf: Pdf, access: str
) -> EmailMultiAlternatives:
    """The mail; ``access`` is the order's token for whoever has no account, or "".

    Raises ``Undeliverable`` for an address that is none.
    """
    to = _address(receipt.email)
    kind = Receipt.Kind(receipt.kind)
    query = f"?{urlencode({'access': access})}" if access else ""
    context = {
        "receipt": receipt,
        "contents": contents,
        "name": _one_line(receipt.name),
        "amount": f"{receipt.amount:,.2f} {receipt.currency}",
        "shop": settings.SHOP_NAME,
        "seller": settings.SELLER,
        "order_url": f"{settings.BASE_URL}/orders/{receipt.order}/{query}",
        "document_url": f"{settings.BASE_URL}/invoices/{receipt.document}/{query}",
    }
    message = EmailMultiAlternatives(
        subject=_one_line(SUBJECT[kind].format(shop=settings.SHOP_NAME, document=receipt.document)),
        body=render_to_string(f"receipt/{kind}.txt", context),
        to=[to],
        headers={"Message-ID": receipt.message_id, "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string(f"receipt/{kind}.html", context), "text/html")
    message.attach(pdf.filename, pdf.content, "application/pdf")
    return message


def _address(email: str) -> str:
    try:
        return email_address(email)
    except ValidationError:
        raise Undeliverable(f"{email!r} is no e-mail address.") from None


def _one_line(text: str) -> str:
    return " ".join(text.split())
