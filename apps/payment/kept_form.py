"""What a visitor wrote into the checkout's form, kept in a cookie over a redirect.

A page that answers a POST stays in the browser's history: on the way back it asks whether to send
the form again.
"""

from __future__ import annotations

from typing import Any

import msgspec
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from apps.payment.basket import identity
from apps.payment.forms import CheckoutForm

COOKIE = f"{settings.COOKIE_PREFIX}checkout"
SECONDS = 600
LONGEST = 3_800
"""Characters of a cookie that every browser keeps."""
SALT = "payment.checkout"


class KeptForm(msgspec.Struct, frozen=True, kw_only=True):
    """``said`` is by field. It is shown with what is wrong in it if ``is_checked``, and with the
    ``problem`` (problem details) if there is one. ``key`` is "" if the next try is another one."""

    subject: str
    said: dict[str, str]
    cart: str
    key: str = ""
    is_checked: bool = False
    problem: dict[str, Any] | None = None

    @property
    def status(self) -> int:
        """Of the page that shows it."""
        return int(self.problem["status"]) if self.problem else 422 if self.is_checked else 200

    def form(self) -> CheckoutForm:
        return CheckoutForm(self.said) if self.is_checked else CheckoutForm(initial=self.said)


def said_in(request: HttpRequest) -> dict[str, str]:
    """The form's fields as they were sent."""
    return {name: request.POST.get(name, "") for name in CheckoutForm.base_fields}


def keep(response: HttpResponse, form: KeptForm) -> bool:
    """Let the response keep the form; False if it is too long to be kept."""
    content = msgspec.to_builtins(form)
    value = signing.dumps(content, key=_key(), salt=SALT, compress=True)
    if len(value) > LONGEST:
        return False
    response.set_cookie(
        COOKIE, value, max_age=SECONDS, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return True


def kept(request: HttpRequest) -> KeptForm | None:
    """The form that this visitor's browser kept, if it is theirs and not old."""
    value = request.COOKIES.get(COOKIE, "")
    try:
        content = signing.loads(value, key=_key(), salt=SALT, max_age=SECONDS)
        form = msgspec.convert(content, KeptForm)
    except (signing.BadSignature, msgspec.ValidationError):
        return None
    return form if form.subject == identity(request).subject else None


def forget(request: HttpRequest, response: HttpResponse) -> None:
    if COOKIE in request.COOKIES:
        response.delete_cookie(COOKIE, samesite="Lax")


def _key() -> str:
    return str(settings.APP_SECRET_KEYS["payment"])
