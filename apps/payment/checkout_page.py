"""The checkout's page: address, payment, totals; what it shows is what is paid."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from msgspec import structs

from apps.payment import access, basket, kept_form, queries
from apps.payment.basket import identity
from apps.payment.checkout import Refused, place
from apps.payment.forms import HOME_COUNTRY, CheckoutForm, said_last_time
from apps.payment.kept_form import KeptForm
from apps.payment.models import Cart
from apps.payment.validators import COUNTRIES
from extract.call import CallError
from extract.data.idempotency import Answer

IN_PLACE = "in place"
AWAY = {
    "title": "Not available just now",
    "detail": "The catalogue does not answer. Nothing was charged; please try again in a moment.",
    "status": 503,
}
CHANGED = {
    "title": "Please look again",
    "detail": "The cart, a price or the country has changed, and so has the total. "
    "Nothing was charged: look at the new total, then pay.",
    "status": 409,
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """A POST pays, or asks to ``update`` the totals for another country. Unless it led to an
    order, it leads back to the page, with all that was written."""
    if request.method == "POST":
        return _update(request) if "update" in request.POST else _pay(request)
    if form := kept_form.kept(request):
        return _kept_page(request, form)
    cart = basket.cart_of(request)
    if cart is None:
        return _nothing_to_order(request)
    subject = identity(request).subject
    earlier = queries.last_order(subject) if subject else None
    return _page(request, cart, CheckoutForm(initial=said_last_time(earlier)))


def _update(request: HttpRequest) -> HttpResponse:
    """The totals for another country. A script, which has no history, gets the page at once: of
    two that it asks for in a hurry, each has what that one said."""
    if request.POST["update"] != IN_PLACE:
        return _show_again(request)
    cart = _cart(request, request.POST.get("cart", ""))
    if cart is None:
        return _nothing_to_order(request)
    return _page(request, cart, CheckoutForm(initial=kept_form.said_in(request)))


def _pay(request: HttpRequest) -> HttpResponse:
    """Place the order that the form shows. The same form again is the same order."""
    cart = _cart(request, request.POST.get("cart", ""))
    if cart is None:
        return _nothing_to_order(request)
    form, key = CheckoutForm(request.POST), _key(request)
    if not form.is_valid():
        return _show_again(request, key=key, is_checked=True)
    try:
        if cart.state == Cart.State.OPEN and (not key or _differs(request, cart, form)):
            return _show_again(request, key=key, problem=CHANGED)
        answer = _placed(request, cart, form, key)
    except CallError:
        return _show_again(request, key=key, problem=AWAY)
    if answer.status == 201:
        return _to_order(request, uuid.UUID(answer.body["order"]))
    if _was_ordered(request, cart):
        messages.info(request, "This cart has been ordered already: here is the order.")
        return _to_order(request, cart.order)  # type: ignore[arg-type]
    if answer.body["type"] != "/problems/in-progress":
        key = ""
    return _show_again(request, key=key, problem={**answer.body, "status": answer.status})


def _show_again(
    request: HttpRequest,
    *,
    key: str = "",
    is_checked: bool = False,
    problem: dict[str, Any] | None = None,
) -> HttpResponse:
    """Back to the page, which shows what was written."""
    form = KeptForm(
        subject=identity(request).subject,
        said=kept_form.said_in(request),
        cart=request.POST.get("cart", "")[:40],
        key=key,
        is_checked=is_checked,
        problem=problem,
    )
    response = HttpResponseRedirect(request.path, status=HTTPStatus.SEE_OTHER)
    return response if kept_form.keep(response, form) else _kept_page(request, form)


def _kept_page(request: HttpRequest, form: KeptForm) -> HttpResponse:
    """The page with what was written. What was wrong is told once, as a reload may be later."""
    cart = _cart(request, form.cart)
    if cart is None:
        return _nothing_to_order(request)
    response = _page(
        request, cart, form.form(), key=form.key, problem=form.problem, status=form.status
    )
    kept_form.keep(response, structs.replace(form, is_checked=False, problem=None))
    return response


def _cart(request: HttpRequest, cart_id: str) -> Cart | None:
    """The cart that the form was about, or else the visitor's."""
    return basket.named_cart(request, cart_id) or basket.cart_of(request)


def _key(request: HttpRequest) -> str:
    """The key that the form brings, or "" if it is none of ours."""
    try:
        return str(uuid.UUID(request.POST.get("key", "")))
    except ValueError:
        return ""


def _differs(request: HttpRequest, cart: Cart, form: CheckoutForm) -> bool:
    """Whether the total that the visitor saw is not what would be charged now."""
    said = form.cleaned_data
    _, priced = queries.cart_priced(cart, said["country"], said["postcode"])
    return request.POST.get("total", "") != str(priced.total)


def _placed(request: HttpRequest, cart: Cart, form: CheckoutForm, key: str) -> Answer:
    subject = identity(request).subject
    try:
        return place(key=key, cart_id=cart.pk, subject=subject, **form.purchase)
    except Refused as refused:
        return refused.answer


def _was_ordered(request: HttpRequest, cart: Cart) -> bool:
    cart.order = queries.order_of_cart(cart)
    return cart.order is not None and queries.is_order_of(cart.order, identity(request).subject)


def _to_order(request: HttpRequest, order_id: uuid.UUID) -> HttpResponse:
    """To the order's page; a guest gets the token that opens it."""
    path = f"/orders/{order_id}/"
    if not identity(request).is_authenticated:
        path += f"?access={access.token(order_id)}"
    # Not always none: an old form may be sent again while the next cart is being filled.
    cart = basket.cart_of(request)
    response = redirect(path)
    kept_form.forget(request, response)
    return basket.remember(request, response, cart, queries.cart_size(cart) if cart else 0)


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
        view, priced = queries.cart_priced(cart, country, str(form["postcode"].value() or ""))
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
