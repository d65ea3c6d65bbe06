"""Of two editors of one product, the slower one is told."""

from __future__ import annotations

from tests.scenarios.place import Place
from tests.scenarios.shop import Shop


def test_the_slower_of_two_editors_is_told_and_changes_nothing(
    place: Place, shop: Shop, operator: Shop
) -> None:
    other = place.visitor().sign_in(place.account("second@example.com", is_staff=True))
    seen = operator.product("LAMP").headers["etag"]
    assert other.product("LAMP").headers["etag"] == seen
    assert operator.edit_product("LAMP", {"name": "Lantern"}, version=seen).status == 200
    late = other.edit_product("LAMP", {"name": "Torch"}, version=seen)
    assert late.status == 412
    now = other.product("LAMP")
    assert now.json["name"] == "Lantern"
    again = other.edit_product("LAMP", {"name": "Torch"}, version=now.headers["etag"])
    assert (again.status, again.json["name"]) == (200, "Torch")


def test_a_sale_is_no_edit(shop: Shop, operator: Shop) -> None:
    seen = operator.product("LAMP").headers["etag"]
    shop.buy(LAMP=1)
    assert operator.edit_product("LAMP", {"name": "Lantern"}, version=seen).status == 200


def test_an_editor_names_the_version_they_saw(shop: Shop, operator: Shop) -> None:
    answer = operator.request("PATCH", "/api/products/LAMP/", {"name": "Torch"})
    assert answer.status == 428


def test_customers_do_not_edit(shop: Shop, customer: Shop) -> None:
    seen = shop.product("LAMP").headers["etag"]
    assert shop.edit_product("LAMP", {"name": "Mine"}, version=seen).status == 401
    assert customer.edit_product("LAMP", {"name": "Mine"}, version=seen).status == 403
