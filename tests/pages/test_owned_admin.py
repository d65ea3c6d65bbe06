"""The admin's writes pass the app's door, and actions that call contracts stay outside it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db.models import QuerySet
from django.http import HttpRequest
from django.test import Client
from django.urls import path
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from apps.product.contract import ProductContract
from apps.product.models import Category
from extract.call import handle
from extract.data import door_is_open, in_any_transaction
from extract.data.admin import OwnedAdmin, confirmation, outside_transaction
from shop.accounts.models import User

pytestmark = pytest.mark.usefixtures("database")

product = handle(ProductContract)
site = UnfoldAdminSite(name="admin")
seen: list[dict[str, Any]] = []


class CategoryAdmin(OwnedAdmin, ModelAdmin):
    list_display = ("name", "position")
    list_editable = ("position",)
    actions = ("rename", "ask")

    def rename(self, request: HttpRequest, queryset: QuerySet[Category]) -> None:
        queryset.update(position=7)

    @outside_transaction(description="Ask product", question="Ask product about these?")
    def ask(self, request: HttpRequest, queryset: QuerySet[Category]) -> None:
        product.quote(skus=("A",))
        seen.append(
            {
                "key": confirmation(request),
                "names": [category.name for category in queryset],
                "door": door_is_open("product"),
                "transaction": in_any_transaction(),
            }
        )


site.register(Category, CategoryAdmin)
urlpatterns = [path("admin/", site.urls)]
LIST = "/admin/product/category/"


@pytest.fixture(autouse=True)
def _this_site(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    settings.UNFOLD = {}
    seen.clear()


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@example.com", "x"))
    return client


def add(admin: Client, name: str) -> Category:
    fields = {"name": name, "slug": name.lower(), "position": 1}
    assert admin.post(f"{LIST}add/", fields).status_code == 302
    return Category.objects.get(name=name)


def test_rows_are_added_changed_and_deleted(admin: Client) -> None:
    lamps = add(admin, "Lamps")
    fields = {"name": "Lights", "slug": "lights", "position": 1}
    assert admin.get(f"{LIST}{lamps.pk}/change/").status_code == 200
    assert admin.post(f"{LIST}{lamps.pk}/change/", fields).status_code == 302
    assert Category.objects.get().name == "Lights"
    assert admin.get(f"{LIST}{lamps.pk}/delete/").status_code == 200
    assert admin.post(f"{LIST}{lamps.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Category.objects.exists()


def test_rows_are_edited_in_the_list_and_by_actions(admin: Client) -> None:
    lamps = add(admin, "Lamps")
    edit = {
        "form-TOTAL_FORMS": 1,
        "form-INITIAL_FORMS": 1,
        "form-0-id": lamps.pk,
        "form-0-position": 5,
        "_save": "Save",
    }
    assert admin.post(LIST, edit).status_code == 302
    assert Category.objects.get().position == 5
    chosen = {"_selected_action": [lamps.pk], "index": 0}
    assert admin.post(LIST, {**chosen, "action": "rename"}).status_code == 302
    assert Category.objects.get().position == 7
    assert admin.post(LIST, {**chosen, "action": "delete_selected"}).status_code == 200
    assert (
        admin.post(LIST, {**chosen, "action": "delete_selected", "post": "yes"}).status_code == 302
    )
    assert not Category.objects.exists()


def test_an_action_outside_asks_first_and_then_calls(admin: Client) -> None:
    lamps, tables = add(admin, "Lamps"), add(admin, "Tables")
    chosen = {"_selected_action": [lamps.pk, tables.pk], "action": "ask"}
    page = admin.post(LIST, {**chosen, "index": 0}).content.decode()
    assert "Ask product about these?" in page
    assert not seen
    [key] = re.findall(r'name="confirmation" value="([^"]+)"', page)
    for _ in range(2):
        assert admin.post(LIST, {**chosen, "confirmation": key}).status_code == 302
    assert [each["key"] for each in seen] == [key, key]
    assert seen[0]["names"] == ["Lamps", "Tables"]
    assert not seen[0]["door"]
    assert not seen[0]["transaction"]


def test_a_made_up_confirmation_only_asks(admin: Client) -> None:
    chosen = {"_selected_action": [add(admin, "Lamps").pk], "action": "ask", "confirmation": "yes"}
    assert "Ask product about these?" in admin.post(LIST, chosen).content.decode()
    assert not seen
