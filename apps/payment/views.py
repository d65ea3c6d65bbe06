"""Payment's pages but the checkout: cart and orders. All of them work without JavaScript."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.payment import basket, carts, queries
from apps.payment.basket import identity
from apps.payment.forms import QuantityForm
from apps.payment.leaving import Leaves
from apps.payment.models import MAX_QUANTITY, Cart, Refund
from apps.product.contract import UnknownSku
from extract.call import CallError
from extract.edge import access_hash

View = Callable[..., HttpResponse]

ORDERS_PER_PAGE = 20
AWAY = {
    "title": "Not available just now",
    "detail": "The catalogue does not answer. Nothing is lost; please try again in a moment.",
}
BAD_QUANTITY = f"A quantity is a whole number from 1 to {MAX_QUANTITY}; the cart is as it was."


@never_cache
@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    """What is in the cart, at today's prices."""
    found = basket.cart_of(request)
    try:
        shown = queries.cart_view(found) if found else None
    except CallError:
        return render(request, "payment/cart.html", {"cart": None, "problem": AWAY}, status=503)
    response = render(request, "payment/cart.html", {"cart": shown})
    return basket.remember(request, response, found, shown.size if shown else 0)


def _post_or_back_to_cart(view: View) -> View:
    """A form's address that is merely opened, as after signing in anew, leads back to the cart."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return redirect("payment:cart")
        return require_POST(view)(request, *args, **kwargs)

    return guarded


@_post_or_back_to_cart
def cart_add(request: HttpRequest) -> HttpResponse:
    """Put pieces of a product into the cart, and start one if need be."""
    form, sku = QuantityForm(request.POST), request.POST.get("sku", "")
    found = basket.cart_of(request)
    if form.is_valid():
        found = basket.to_fill(request, found)
        if found is None:
            return _too_many_carts(request)
        _added(request, found, sku, form.cleaned_data["quantity"])
    else:
        messages.error(request, BAD_QUANTITY)
    return _back_to_cart(request, found)


@_post_or_back_to_cart
def cart_item(request: HttpRequest, sku: str) -> HttpResponse:
    """Change how many pieces of a product the cart holds, or ``remove`` it."""
    form, found = QuantityForm(request.POST), basket.cart_of(request)
    if found is None:
        messages.error(request, "There is nothing in your cart.")
    elif "remove" in request.POST:
        _changed(request, lambda: carts.cart_remove(cart=found, sku=sku))
    elif form.is_valid():
        quantity = form.cleaned_data["quantity"]
        _changed(request, lambda: carts.cart_put(cart=found, sku=sku, quantity=quantity))
    else:
        messages.error(request, BAD_QUANTITY)
    return _back_to_cart(request, found)


@never_cache
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """The customer's own orders, newest first."""
    if not identity(request).is_authenticated:
        return redirect_to_login(request.get_full_path())
    history = queries.order_history(identity(request).subject)
    page = Paginator(history, ORDERS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "payment/orders.html", {"page": page})


@never_cache
@require_safe
def order(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One order, for its customer, for staff, and for whoever presents its access token."""
    found = queries.order_for(pk, identity(request), access_hash(request))
    if found is None:
        raise Http404
    token = request.GET.get("access", "")
    context = {
        "order": found,
        "vat_rows": queries.vat_rows(found.lines.all()),
        "access_query": f"?{urlencode({'access': token})}" if token else "",
        "receipt": queries.receipt_state(found.pk),
        "refunds": [r for r in found.refunds.all() if r.status != Refund.Status.CANCELLED],
    }
    return render(request, "payment/order.html", context)


def _too_many_carts(request: HttpRequest) -> HttpResponse:
    response = render(request, "429.html", status=429)
    response.headers["Retry-After"] = "5"
    return response


def _added(request: HttpRequest, found: Cart, sku: str, quantity: int) -> None:
    def put() -> None:
        carts.cart_put(cart=found, sku=sku, quantity=quantity, add=True)

    if not _changed(request, put):
        return
    wanted, available = queries.wanted_and_available(found, sku)
    if wanted <= available:
        messages.success(request, "It is in your cart.")
        return
    # What there is can be bought; more than that would be refused at the checkout.
    if available and _changed(
        request, lambda: carts.cart_put(cart=found, sku=sku, quantity=available)
    ):
        messages.warning(request, f"Only {available} left: your cart holds that many.")
    elif not available:
        _changed(request, lambda: carts.cart_remove(cart=found, sku=sku))
        messages.error(request, "This product is sold out; it is not in your cart.")


def _changed(request: HttpRequest, change: Callable[[], None]) -> bool:
    """Whether the change was made; if not, the visitor is told why."""
    try:
        change()
    except UnknownSku:
        messages.error(request, "This product is not on sale; the cart is as it was.")
    except Leaves as leaves:
        messages.error(request, str(leaves))
    except carts.CartClosed:
        messages.error(request, "This cart is being ordered and cannot be changed.")
    except CallError:
        messages.error(request, AWAY["detail"])
    else:
        return True
    return False


def _back_to_cart(request: HttpRequest, found: Cart | None) -> HttpResponse:
    wanted = request.POST.get("next", "")
    is_local = wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    response = redirect(wanted if is_local else "payment:cart")
    return basket.remember(request, response, found, queries.cart_size(found) if found else 0)
