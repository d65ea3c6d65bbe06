"""Where operators land who sign in at the back office's own door."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from shop.accounts.groups import make_usual_groups
from shop.accounts.models import User
from tests.apps.payment.buying import paid_order, stocked

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def operator() -> dict[str, str]:
    User.objects.create_superuser("olga@example.com", "long-and-secret-1")
    return {"username": "olga@example.com", "password": "long-and-secret-1"}


def test_signing_in_leads_to_the_back_office(client: Client, operator: dict[str, str]) -> None:
    assert client.get("/admin/login/").status_code == 200
    answer = client.post("/admin/login/", operator)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


def test_or_to_the_page_that_was_asked_for(client: Client, operator: dict[str, str]) -> None:
    asked = client.get("/admin/payment/order/")
    answer = client.post(asked.headers["Location"], operator)
    assert answer.headers["Location"] == "/admin/payment/order/"


def test_but_to_no_other_site(client: Client, operator: dict[str, str]) -> None:
    answer = client.post("/admin/login/?next=https://evil.example/", operator)
    assert "evil.example" not in answer.headers["Location"]


def test_the_door_is_as_light_as_the_shops_own(client: Client) -> None:
    page = client.get("/admin/login/").content.decode()
    assert 'name="username"' in page
    assert "unfold" not in page


class TestGroups:
    """Staff run the shop; staff in groups what these allow, in the back office and the API."""

    ORDERS = ("/admin/payment/order/", "/admin/invoice/document/", "/admin/receipt/receipt/")
    CATALOGUE = ("/admin/product/product/", "/admin/product/category/")
    OTHERS = ("/admin/operations/paymentsagarun/", "/admin/pages/standingpage/")

    @pytest.fixture
    def placed(self) -> dict[str, Any]:
        stocked("LAMP")
        return paid_order(Client())

    def member(self, *groups: str) -> Client:
        user = User.objects.create_user("olga@example.com", "long-and-secret-1", is_staff=True)
        user.groups.set(Group.objects.filter(name__in=groups))
        assert user.groups.count() == len(groups)
        client = Client()
        client.force_login(user)
        return client

    def may(self, client: Client, paths: Iterable[str]) -> set[bool]:
        return {client.get(path).status_code == 200 for path in paths}

    def test_without_a_group_it_is_everything(self, placed: dict[str, Any]) -> None:
        staff = self.member()
        assert self.may(staff, (*self.ORDERS, *self.CATALOGUE, *self.OTHERS)) == {True}
        assert self.may(staff, (f"/api/orders/{placed['order']}/",)) == {True}

    def test_orders_and_refunds(self, placed: dict[str, Any]) -> None:
        staff = self.member("Orders and refunds")
        assert self.may(staff, self.ORDERS) == {True}
        assert self.may(staff, (*self.CATALOGUE, *self.OTHERS)) == {False}
        refund = f"/admin/payment/order/{placed['order']}/refund/"
        mine = (refund, f"/invoices/{placed['invoice']}.pdf", f"/api/orders/{placed['order']}/")
        assert self.may(staff, mine) == {True}
        assert self.edited(staff) == 403
        assert self.refunded(staff, placed["order"]) == 201

    def test_catalogue(self, placed: dict[str, Any]) -> None:
        staff = self.member("Catalogue")
        assert self.may(staff, self.CATALOGUE) == {True}
        assert self.may(staff, (*self.ORDERS, *self.OTHERS)) == {False}
        theirs = (f"/invoices/{placed['invoice']}.pdf", f"/api/orders/{placed['order']}/")
        assert self.may(staff, theirs) == {False}
        assert self.refunded(staff, placed["order"]) == 403
        assert self.edited(staff) == 200

    def refunded(self, staff: Client, order: str) -> int:
        return staff.post(
            f"/api/orders/{order}/refunds/", {}, content_type="application/json",
            headers={"Idempotency-Key": "k"},
        ).status_code  # fmt: skip

    def edited(self, staff: Client) -> int:
        return staff.patch(
            "/api/products/LAMP/", {"name": "The lamp"}, content_type="application/json",
            headers={"If-Match": "*"},
        ).status_code  # fmt: skip

    def test_a_superuser_is_never_limited(self) -> None:
        root = User.objects.create_superuser("root@example.com", "long-and-secret-1")
        root.groups.set(Group.objects.filter(name="Catalogue"))
        client = Client()
        client.force_login(root)
        assert self.may(client, (*self.ORDERS, *self.CATALOGUE, *self.OTHERS)) == {True}

    def test_groups_that_operators_made_are_left_alone(self) -> None:
        Group.objects.exclude(name="Catalogue").delete()
        make_usual_groups(using="default")
        assert [group.name for group in Group.objects.all()] == ["Catalogue"]
        Group.objects.all().delete()
        make_usual_groups(using="default")
        assert Group.objects.count() == 4
