"""Checkout: a cart becomes a paid order, whoever dies when."""

from apps.payment.checkout.place_order import Address, place, place_priced
from apps.payment.refusals import Refused

__all__ = ["Address", "Refused", "place", "place_priced"]
