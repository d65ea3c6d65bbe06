"""The page of a customer's data: take it along, or have it erased."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout as sign_out
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from extract.call import CallError
from extract.identity.tries import reserve
from shop.accounts import brake
from shop.accounts.doors import braked
from shop.accounts.fresh import is_fresh, sign_in_again
from shop.accounts.models import User
from shop.rights import erasure
from shop.rights.export import export
from shop.rights.models import Request

FILENAME = "my-data.zip"
AWAY = "A part of the shop does not answer at the moment. Please try again in a minute."


@never_cache
@login_required
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """What there is to ask for, and how far an erasure is."""
    user = cast(User, request.user)
    context = {"erasure": erasure.under_way(user), "is_staff": user.is_staff or user.is_superuser}
    return render(request, "rights/data.html", context)


@braked
@login_required
@require_POST
def take_along(request: HttpRequest) -> HttpResponseBase:
    """The export, as a download."""
    user = cast(User, request.user)
    reserve([brake.on_request(Request.Kind.EXPORT, user.subject)])
    try:
        file = export(user)
    except CallError:
        messages.error(request, AWAY)
        return redirect("shop:data")
    return FileResponse(file, as_attachment=True, filename=FILENAME)


@never_cache
@braked
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Asks once more, of who has just signed in; then the account is on its way out."""
    user = cast(User, request.user)
    if user.is_staff or user.is_superuser or erasure.under_way(user) is not None:
        return redirect("shop:data")
    if not is_fresh(request):
        return redirect(sign_in_again(request, then=reverse("shop:erase")))
    if request.method != "POST":
        return render(request, "rights/erase.html")
    reserve([brake.on_request(Request.Kind.ERASURE, user.subject)])
    asked = erasure.ask(user)
    if asked.state == Request.State.DONE:
        sign_out(request)
        return redirect("shop:erased")
    return redirect("shop:data")


@require_safe
def erased(request: HttpRequest) -> HttpResponse:
    """For whoever was erased at once, and is nobody now."""
    context = {"account_url": settings.OIDC_ACCOUNT_URL}
    return render(request, "rights/erased.html", context)
