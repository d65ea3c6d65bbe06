"""The catalogue in the back office."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from apps.product.models import Product, StockReceipt
from tests.apps.product.shelf import product, reserve, shelve, staff, stock_of

pytestmark = pytest.mark.usefixtures("database")

LIST = "/admin/product/product/"


def page_of(sku: str) -> str:
    return f"{LIST}{Product.objects.get(sku=sku).pk}/change/"


def form_at(client: Client, url: str, **changes: Any) -> dict[str, Any]:
    """The form as the page shows it, with changes: what a browser would send."""
    form = client.get(url).context["adminform"].form
    data = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in (data | changes).items() if value not in (None, "")}


@pytest.fixture(autouse=True)
def _media(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_every_list_can_be_opened_searched_and_filtered() -> None:
    shelve("A", "B", stock=5)
    reserve(A=2)
    product.restock(reference=uuid.uuid4(), items=())
    client = staff()
    for path in (
        f"{LIST}?q=A&stock=low&is_active__exact=1&tax_class__exact=standard",
        f"{LIST}?stock=out",
        f"{LIST}?stock=in",
        "/admin/product/category/?q=home",
        "/admin/product/reservation/?q=A&state__exact=held",
        f"/admin/product/reservation/?q={uuid.uuid4()}",
        "/admin/product/reserveditem/?q=A&reservation__state__exact=held",
        "/admin/product/stockreceipt/?q=A",
    ):
        response = client.get(path)
        assert response.status_code == 200, path
    assert client.get(f"{LIST}?q=A").context["cl"].result_count == 1


def test_an_edit_is_saved_and_counted() -> None:
    shelve("A")
    client, url = staff(), page_of("A")
    response = client.post(url, form_at(client, url, name="Renamed", price="12.34"))
    assert response.status_code == 302, response.context["adminform"].form.errors
    found = Product.objects.get()
    assert (found.name, str(found.price), found.version) == ("Renamed", "12.34", 2)


@pytest.mark.parametrize("name", ["a\x1fb", "a\nb", "a\u202eb", "\u200b"])
def test_a_name_is_a_line_of_text(name: str) -> None:
    shelve("A")
    client, url = staff(), page_of("A")
    pages = (url, f"/admin/product/category/{Product.objects.get().category_id}/change/")
    for page in pages:
        data = form_at(client, page, name="x") | {"name": name}
        assert client.post(page, data).status_code == 200, page
    assert client.post(url, form_at(client, url, description="a\u2066b")).status_code == 200
    assert client.post(url, form_at(client, url, name="Cafe\u0301\u200b")).status_code == 302
    assert Product.objects.get().name == "Caf\u00e9"


def test_of_two_editors_the_second_is_told() -> None:
    shelve("A")
    one, two = staff(), staff()
    url = page_of("A")
    first, second = form_at(one, url, name="First"), form_at(two, url, name="Second")
    assert one.post(url, first).status_code == 302
    response = two.post(url, second)
    assert response.status_code == 200
    assert b"Someone else has edited this product" in response.content
    # Sent again, it is refused again: the form keeps the version that was seen.
    assert b"Someone else" in two.post(url, second).content
    assert Product.objects.get().name == "First"


def test_an_edit_leaves_stock_alone_that_moved_meanwhile() -> None:
    shelve("A")
    client, url = staff(), page_of("A")
    data = form_at(client, url, name="Renamed")
    reserve(A=4)
    assert client.post(url, data | {"on_hand": "999", "sku": "B"}).status_code == 302
    assert stock_of("A") == (6, 4, 0)


def test_a_new_product_starts_with_its_stock() -> None:
    shelve("A")
    client = staff()
    category = Product.objects.get().category_id
    data = {
        "sku": "NEW", "name": "New", "slug": "new", "category": category, "price": "5",
        "tax_class": "zero", "is_active": "on", "initial": "7",
    }  # fmt: skip
    response = client.post(f"{LIST}add/", data)
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert stock_of("NEW") == (7, 0, 0)


def test_stock_is_received_once_per_form() -> None:
    shelve("A")
    client = staff()
    url = f"{LIST}{Product.objects.get().pk}/receive"
    page = client.get(url, follow=True)
    reference = re.search(r'name="reference" value="([^"]+)"', page.content.decode())
    assert reference is not None
    data = {"quantity": "5", "reference": reference[1]}
    path = page.request["PATH_INFO"]
    for _ in range(2):
        assert client.post(path, data).status_code == 302
    assert stock_of("A") == (15, 0, 0)
    assert StockReceipt.objects.get().quantity == 5
    for quantity in ("0", "-1", "x", "1e9", "99999999999"):
        assert client.post(path, data | {"quantity": quantity}).status_code == 200
    assert stock_of("A") == (15, 0, 0)


def test_history_is_read_only_and_products_stay() -> None:
    shelve("A")
    checkout = reserve(A=1)
    client = staff()
    assert client.get(f"/admin/product/reservation/{checkout}/change/").status_code == 200
    assert client.post(f"/admin/product/reservation/{checkout}/change/", {}).status_code == 403
    assert client.post(f"/admin/product/reservation/{checkout}/delete/", {}).status_code == 403
    assert client.post(page_of("A").replace("change", "delete"), {}).status_code == 403
