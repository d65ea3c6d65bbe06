"""How a product of a sales record gets its name, its slug and its category."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container

from django.utils.text import slugify

from apps.product.words import SMALL_WORDS

DEFAULT_CATEGORY = "home"

# In this order: the first category that shares a word with the name gets the product.
CATEGORY_WORDS = {
    "festive": "christmas xmas easter party bunting balloon balloons garland advent halloween",
    "light": "candle candles t-light tealight lantern lanterns light lights lamp candleholder",
    "kitchen": "mug mugs cup cups plate plates bowl bowls tea teapot cake cakestand cakes jar tin "
    "tins apron spoon spoons bottle baking egg lunch tray napkin napkins jug glass bread bin "
    "kitchen cutlery coaster coasters oven cutters cookie storage recipe",
    "paper": "card cards wrap paper notebook notebooks pencil pencils ribbon ribbons sticker "
    "stickers pen pens tissue tissues postcard journal memo chalk tags",
    "books": "book books atlas novel",
    "play": "toy toys game games jigsaw puzzle doll dolls soldier skittles marbles playhouse "
    "children's childrens spaceboy dolly circus",
    "bags": "bag bags purse necklace earrings bracelet umbrella scarf warmer brooch parasol",
    "garden": "garden plant planter watering bird herb hook gardener's gardeners trellis",
}
CATEGORY_NAMES = {
    "home": "Home & Comfort",
    "kitchen": "Kitchen & Table",
    "light": "Candles & Light",
    "paper": "Paper & Ink",
    "books": "Books",
    "garden": "Garden & Green",
    "play": "Toys & Play",
    "bags": "Bags & Treasures",
    "festive": "Festive",
}
_CATEGORY_OF_WORD = [(slug, frozenset(words.split())) for slug, words in CATEGORY_WORDS.items()]
_PART = re.compile(r'[^\s/\-,.&("+]+')


def category_for(name: str) -> str:
    """The slug of the first category in order that shares a word with ``name``, else home."""
    words = set(re.findall(r"[a-z0-9'-]+", name.lower()))
    for slug, telling in _CATEGORY_OF_WORD:
        if words & telling:
            return slug
    return DEFAULT_CATEGORY


def title_case(text: str) -> str:
    """``text`` with single spaces and capitalised words; mixed case and sizes stay as they are.

    ``WHITE  T-LIGHT HOLDER`` becomes ``White T-Light Holder``, ``BAG 500g`` ``Bag 500g``.
    """
    words = [
        word.lower() if index and word.lower() in SMALL_WORDS else _PART.sub(_capital, word)
        for index, word in enumerate(text.split())
    ]
    return " ".join(words)


def _capital(match: re.Match[str]) -> str:
    part = match[0]
    return part.capitalize() if part.isupper() or (part.islower() and part.isalpha()) else part


def slug_for(sku: str, name: str, taken: Container[str] = ()) -> str:
    """A slug of the name; with the SKU, and then a digest of it, where that one is taken."""
    plain = slugify(name)[:90].strip("-")
    digest = hashlib.sha256(sku.encode()).hexdigest()[:8]
    candidates = (plain, f"{plain}-{slugify(sku)}", f"{plain}-{digest}")
    free = (slug for slug in candidates if slug.strip("-") and slug not in taken)
    return next(free, f"p-{hashlib.sha256(f'{sku} {name}'.encode()).hexdigest()[:20]}").strip("-")
