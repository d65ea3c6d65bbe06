"""Loads the demo shop, once: what operators then change or delete stays as they left it."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import msgspec
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from apps.product.models import PICTURES, Product
from apps.product.services import ProductDraft, products_introduce
from apps.product.sizing import sizes_make, sizes_make_missing
from shop.accounts.linking import AnothersAlready, link
from shop.accounts.models import User
from shop.demo.pictures import picture

CATALOGUE = Path(__file__).with_name("catalogue.csv")

Watch = Callable[[Iterable["Entry"]], Iterable["Entry"]]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A demo account, and what it may do: customer, staff or superuser.

    ``sub`` is the same person's in the realm of ``docker/keycloak``.
    """

    email: str
    password: str
    role: str
    first_name: str
    sub: str


ACCOUNTS = (
    Account(
        email="ada@example.com",
        password="customer-demo",
        role="customer",
        first_name="Ada",
        sub="0b6f1d1e-6c53-4a5b-9e0c-8d0e5a1a0001",
    ),
    Account(
        email="operator@example.com",
        password="operator-demo",
        role="staff",
        first_name="Olive",
        sub="0b6f1d1e-6c53-4a5b-9e0c-8d0e5a1a0002",
    ),
    Account(
        email="admin@example.com",
        password="admin-demo",
        role="superuser",
        first_name="Max",
        sub="0b6f1d1e-6c53-4a5b-9e0c-8d0e5a1a0003",
    ),
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the demo catalogue; ``place`` is its place among those of its category."""

    place: int
    motif: str
    draft: ProductDraft


def catalogue() -> tuple[Entry, ...]:
    """The demo products, without pictures, in the order of the file."""
    with CATALOGUE.open(newline="", encoding="utf-8") as lines:
        return tuple(_entries(csv.DictReader(lines)))


def is_loaded() -> bool:
    """Whether the demo products were ever made: they are made all at once, and last."""
    return Product.objects.filter(sku__in=[entry.draft.sku for entry in catalogue()]).exists()


def demo_load(*, watch: Watch = iter) -> int:
    """Make accounts, pictures and products, and return how many products were made.

    Interrupted, it goes on the next time. ``watch`` may follow the pictures being drawn.
    """
    if is_loaded():
        _link_accounts()
        _redraw_lost_pictures()
        return 0
    _make_accounts()
    _link_accounts()
    drafts = [
        msgspec.structs.replace(entry.draft, image=_keep(picture(entry.motif, entry.place), entry))
        for entry in watch(catalogue())
    ]
    made = products_introduce(drafts)
    # Interrupted in here, it is the shop's own periodic work that goes on.
    for _ in sizes_make_missing():
        pass
    return len(made)


def accounts() -> tuple[Account, ...]:
    """Those of the demo accounts that exist."""
    emails = [account.email for account in ACCOUNTS]
    there = set(User.objects.filter(email__in=emails).values_list("email", flat=True))
    return tuple(account for account in ACCOUNTS if account.email in there)


@transaction.atomic
def _make_accounts() -> None:
    known = accounts()
    for account in ACCOUNTS:
        if account not in known:
            User.objects.create_user(
                account.email,
                account.password,
                first_name=account.first_name,
                proved_email=account.email,
                is_staff=account.role != "customer",
                is_superuser=account.role == "superuser",
            )


def _link_accounts() -> None:
    """Where an authorization server is named, its demo people are those that are here."""
    for account in accounts() if settings.OIDC_ISSUER else ():
        user = User.objects.get(email=account.email)
        with suppress(AnothersAlready):
            link(user, settings.OIDC_ISSUER, account.sub)


def _entries(rows: Iterable[dict[str, str]]) -> Iterator[Entry]:
    places: dict[str, int] = {}
    for row in rows:
        category = row["category"]
        place = places.get(category, 0)
        places[category] = place + 1
        yield Entry(
            place=place,
            motif=row["motif"],
            draft=ProductDraft(
                sku=row["sku"],
                name=row["name"],
                description=row["description"],
                category=category,
                price=Decimal(row["price"]),
                tax_class=row["tax_class"],
                stock=int(row["stock"]),
            ),
        )


def _keep(content: bytes, entry: Entry) -> str:
    """Store the picture, unless it is there, and return its name, which tells its content."""
    digest = hashlib.sha256(content).hexdigest()[:8]
    name = f"{PICTURES}/{entry.draft.sku.lower()}-{digest}.webp"
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(content))
    return name


def _redraw_lost_pictures() -> None:
    """A database may meet an empty media directory, when ``DATA_DIR`` has moved."""
    entries = {entry.draft.sku: entry for entry in catalogue()}
    for product in Product.objects.filter(sku__in=entries).only("sku", *Product.PICTURE_FIELDS):
        name = str(product.image)
        if not name.startswith(f"{PICTURES}/{product.sku.lower()}-"):
            continue
        if all(default_storage.exists(file) for file in product.files()):
            continue
        if not default_storage.exists(name):
            entry = entries[product.sku]
            default_storage.save(name, ContentFile(picture(entry.motif, entry.place)))
        sizes_make(product.pk, again=True)
