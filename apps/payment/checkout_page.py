"""The checkout's page: address, payment, totals; what it shows is what is paid."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.payment import access, basket, queries
from apps.payment.basket import identity
from apps.payment.checkout import Refused, place
from apps.payment.forms import HOME_COUNTRY, CheckoutForm, said_last_time
from apps.payment.models import Cart
from apps.payment.validators import COUNTRIES
from extract.call import CallError
from extract.data.idempotency import Answer

AWAY = {
    "title": "Not available just now",
    "detail": "The catalogue does not answer. Nothing was charged; please try again in a moment.",
}
CHANGED = {
    "title": "Please look again",
    "detail": "The cart, a price or the country has changed, and so has the total. "
    "Nothing was charged: look at the new total, then pay.",
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """A POST pays, unless it asks to ``update`` the totals for another country."""
    if request.method == "POST" and "update" not in request.POST:
        return _pay(request)
    cart = basket.cart_of(request)
    if cart is None:
        return _nothing_to_order(request)
    if request.method == "POST":
        return _page(request, cart, CheckoutForm(initial=request.POST.dict()))
    subject = identity(request).subject
    earlier = queries.last_order(subject) if subject else None
    return _page(request, cart, CheckoutForm(initial=said_last_time(earlier)))


def _pay(request: HttpRequest) -> HttpResponse:
    """Place the order that the form shows. The same form again is the same order."""
    cart = basket.named_cart(request, request.POST.get("cart", "")) or basket.cart_of(request)
    if cart is None:
        return _nothing_to_order(request)
    form, key = CheckoutForm(request.POST), _key(request)
    if not form.is_valid():
        return _page(request, cart, form, key=key, status=422)
    try:
        if cart.state == Cart.State.OPEN and (not key or _differs(request, cart, form)):
            return _page(request, cart, form, problem=CHANGED, status=409)
        answer = _placed(request, cart, form, key)
    except CallError:
        return _page(request, cart, form, problem=AWAY, status=503)
    if answer.status == 201:
        return _to_order(request, uuid.UUID(answer.body["order"]))
    if _was_ordered(request, cart):
        messages.info(request, "This cart has been ordered already: here is the order.")
        return _to_order(request, cart.order)  # type: ignore[arg-type]
    if answer.body["type"] != "/problems/in-progress":
        key = ""
    return _page(request, cart, form, key=key, problem=answer.body, status=answer.status)


def _key(request: HttpRequest) -> str:
    """The key that the form brings, or "" if it is none of ours."""
    try:
        return str(uuid.UUID(request.POST.get("key", "")))
    except ValueError:
        return ""


def _differs(request: HttpRequest, cart: Cart, form: CheckoutForm) -> bool:
    """Whether the total that the visitor saw is not what would be charged now."""
    _, priced = queries.cart_priced(cart, form.cleaned_data["country"])
    return request.POST.get("total", "") != str(priced.total)


def _placed(request: HttpRequest, cart: Cart, form: CheckoutForm, key: str) -> Answer:
    subject = identity(request).subject
    try:
        return place(key=key, cart_id=cart.pk, subject=subject, **form.purchase)
    except Refused as refused:
        return refused.answer


def _was_ordered(request: HttpRequest, cart: Cart) -> bool:
    cart.refresh_from_db()
    if cart.state != Cart.State.ORDERED or cart.order is None:
        return False
    return queries.is_order_of(cart.order, identity(request).subject)


def _to_order(request: HttpRequest, order_id: uuid.UUID) -> HttpResponse:
    """To the order's page; a guest gets the token that opens it."""
    path = f"/orders/{order_id}/"
    if not identity(request).is_authenticated:
        path += f"?access={access.token(order_id)}"
    # Not always none: an old form may be sent again while the next cart is being filled.
    cart = basket.cart_of(request)
    return basket.remember(request, redirect(path), cart, queries.cart_size(cart) if cart else 0)


def _page(
    request: HttpRequest,
    cart: Cart,
    form: CheckoutForm,
    *,
    key: str = "",
    problem: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with the problem if there is one; a ``key`` of "" is made anew."""
    country = str(form["country"].value() or "")
    country = country if country in COUNTRIES else HOME_COUNTRY
    try:
        view, priced = queries.cart_priced(cart, country)
    except CallError:
        view, priced, problem, status = None, None, problem or AWAY, 503
    if view is not None and not view.items:
        return _nothing_to_order(request)
    context = {
        "form": form,
        "cart": view,
        "totals": priced,
        "totals_country": COUNTRIES[country],
        "key": key or str(uuid.uuid4()),
        "cart_id": str(cart.pk),
        "problem": problem,
    }
    response = render(request, "payment/checkout.html", context, status=status)
    return basket.remember(request, response, cart, view.size if view else 0)


def _nothing_to_order(request: HttpRequest) -> HttpResponse:
    messages.error(request, "There is nothing in your cart to order.")
    return redirect("payment:cart")
