"""The mails that the shop has sent in this process, and the links in them."""

from __future__ import annotations

import re
from email.message import EmailMessage

from django.conf import settings

from shop.mails import store


def mails(*, to: str = "") -> list[EmailMessage]:
    """In the order of their sending, all or those to one address."""
    found = [store.parse(kept) for kept in reversed(store.kept())]
    return [mail for mail in found if to in ("", mail["To"])]


def text_of(mail: EmailMessage) -> str:
    return str(mail.get_content())


def link_in(mail: EmailMessage) -> str:
    """The path of the first link."""
    match = re.search(rf"{re.escape(settings.BASE_URL)}(/\S+)", text_of(mail))
    assert match, text_of(mail)
    return match[1]
