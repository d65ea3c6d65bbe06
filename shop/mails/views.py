"""The pages on which the kept mails are read."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from shop.mails import store

View = Callable[..., HttpResponse]

MAILS_PER_PAGE = 50
HEADERS = ("From", "To", "Subject", "Date", "Message-ID")
# Scripts, forms and outside resources of a mail stay dead; its links may open.
SANDBOX = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


def may_read(user: Any) -> bool:
    """On this machine alone anybody may; else staff that has the permission."""
    permitted = user.is_staff and user.has_perm("accounts.read_mails")
    return bool(settings.EMBEDDED_MAIL and (settings.MAILS_FOR_ALL or permitted))


def for_readers(view: View) -> View:
    """Whoever may not read and is not signed in is asked to; for others there is nothing here."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if may_read(request.user):
            return view(request, *args, **kwargs)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        raise Http404

    return guarded


@require_safe
@for_readers
def mails(request: HttpRequest) -> HttpResponse:
    """Every kept mail, newest first."""
    everything = store.kept()
    copies = Counter(mail.message for mail in everything)
    page = Paginator(everything, MAILS_PER_PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "mail": mail,
            "headers": store.parse(mail, headers_only=True),
            "copies": copies[mail.message],
        }
        for mail in page
    ]
    return render(request, "mails/list.html", {"page": page, "rows": rows})


@require_safe
@for_readers
def mail(request: HttpRequest, id: str) -> HttpResponse:
    """One mail: headers, text, the HTML in a sandbox, attachments."""
    found = _find(id)
    message = store.parse(found)
    copies = [other for other in store.kept() if other.message == found.message]
    context = {
        "mail": found,
        "subject": message["Subject"] or "(no subject)",
        "headers": [(name, message[name]) for name in HEADERS if message[name]],
        "text": _content(message, "plain"),
        "has_html": message.get_body(("html",)) is not None,
        "attachments": list(enumerate(_attachments(message))),
        "copies": sorted(copies, key=lambda other: other.copy),
    }
    return render(request, "mails/detail.html", context)


@require_safe
@for_readers
def mail_html(request: HttpRequest, id: str) -> HttpResponse:
    """The mail's HTML as its reader would see it, where it can do no harm."""
    html = _content(store.parse(_find(id)), "html")
    if not html:
        raise Http404
    headers = {"Content-Security-Policy": SANDBOX, "X-Frame-Options": "SAMEORIGIN"}
    return HttpResponse(html, headers=headers)


@require_safe
@for_readers
def mail_attachment(request: HttpRequest, id: str, number: int) -> HttpResponse:
    """The attachment of that number, counted from 0, as a download."""
    attachments = _attachments(store.parse(_find(id)))
    if number >= len(attachments):
        raise Http404
    part = attachments[number]
    response = HttpResponse(part["content"], content_type="application/octet-stream")
    if part["type"] == "application/pdf":
        response["Content-Type"] = "application/pdf"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Disposition"] = _disposition(part["name"])
    return response


def _find(id: str) -> store.Kept:
    found = store.find(id)
    if found is None:
        raise Http404
    return found


def _content(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except (LookupError, ValueError):
        payload = body.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _attachments(message: EmailMessage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for part in message.iter_attachments():
        content = part.get_payload(decode=True)
        content = content if isinstance(content, bytes) else part.as_bytes()
        name = part.get_filename() or f"attachment-{len(found) + 1}"
        found.append(
            {
                "name": name,
                "type": part.get_content_type(),
                "size": len(content),
                "content": content,
            }
        )
    return found


def _disposition(name: str) -> str:
    safe = "".join(character for character in name if character.isprintable())
    return content_disposition_header(as_attachment=True, filename=safe) or "attachment"
