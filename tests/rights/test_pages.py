"""The page of a customer's data, and the login that has to be fresh."""

from __future__ import annotations

import io
import logging
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client
from django.utils import timezone

from extract.call import bound
from shop.accounts import links
from shop.accounts.models import User
from shop.rights.models import Request
from tests.rights.scene import PASSWORD, Away, Customer, go_on, open_shop
from tests.rights.test_api import sign_in_long_ago

pytestmark = pytest.mark.usefixtures("database")

DATA, EXPORT, ERASE = "/accounts/data/", "/accounts/data/export/", "/accounts/data/erasure/"
AGAIN = f"/accounts/again/?next={ERASE.replace('/', '%2F')}"


@pytest.fixture
def ada() -> Customer:
    open_shop()
    return Customer("Zenobia", "Quillfeather")


def test_the_profile_leads_there(ada: Customer) -> None:
    assert f'href="{DATA}"' in ada.client.get("/accounts/profile/").content.decode()
    page = ada.client.get(DATA)
    assert f'action="{EXPORT}"' in page.content.decode()
    assert f'href="{ERASE}"' in page.content.decode()
    assert "no-store" in page["Cache-Control"]


@pytest.mark.parametrize("path", [DATA, ERASE])
def test_strangers_are_asked_to_sign_in(path: str, client: Client) -> None:
    assert client.get(path).headers["Location"] == f"/accounts/login/?next={path}"


def test_the_export_is_a_button(ada: Customer) -> None:
    assert ada.client.get(EXPORT).status_code == 405
    answer = ada.client.post(EXPORT)
    with ZipFile(io.BytesIO(b"".join(answer))) as archive:
        assert "account/user.json" in archive.namelist()
    with bound(Away(), "payment"):
        page = ada.client.post(EXPORT, follow=True)
    assert "does not answer at the moment" in page.content.decode()


def test_an_erasure_is_confirmed(ada: Customer) -> None:
    page = ada.client.get(ERASE).content.decode()
    assert ada.email in page
    assert not Request.objects.exists()
    answer = ada.client.post(ERASE)
    assert answer.headers["Location"] == "/accounts/data/erased/"
    assert not User.objects.exists()
    assert ada.client.get(answer.headers["Location"]).status_code == 200
    assert ada.client.get(DATA).status_code == 302


def test_how_far_it_is_stands_on_the_page(ada: Customer) -> None:
    with bound(Away(), "invoice"):
        ada.buys()
        assert ada.client.post(ERASE).headers["Location"] == DATA
        page = ada.client.get(DATA).content.decode()
    assert "Your account is being erased since" in page
    assert f'href="{ERASE}"' not in page
    assert ada.client.get(ERASE).headers["Location"] == DATA
    go_on(Request.objects.get())
    assert ada.client.get(DATA).status_code == 302


class TestFreshLogin:
    def test_who_finds_an_open_session_is_asked_for_the_password(self, ada: Customer) -> None:
        sign_in_long_ago(ada.client)
        for method in (ada.client.get, ada.client.post):
            assert method(ERASE).headers["Location"] == AGAIN
        refused = ada.client.post(AGAIN, {"password": "guessed"})
        assert refused.status_code == 422
        assert "not the password of your account" in refused.content.decode()
        assert ada.client.post(ERASE).headers["Location"] == AGAIN
        assert not Request.objects.exists()

    def test_who_knows_it_goes_on(self, ada: Customer) -> None:
        sign_in_long_ago(ada.client)
        key = ada.client.session.session_key
        assert (
            'name="next" value="/accounts/data/erasure/"' in ada.client.get(AGAIN).content.decode()
        )
        answer = ada.client.post("/accounts/again/", {"password": PASSWORD, "next": ERASE})
        assert answer.headers["Location"] == ERASE
        assert ada.client.session.session_key != key
        assert ada.client.get(ERASE).status_code == 200

    def test_next_stays_local(self, ada: Customer) -> None:
        fields = {"password": PASSWORD, "next": "https://evil.example/"}
        assert (
            ada.client.post("/accounts/again/", fields).headers["Location"] == "/accounts/profile/"
        )

    def test_another_accounts_password_is_none(self, ada: Customer) -> None:
        User.objects.create_user("other@example.com", "another-horse-9")
        assert ada.client.post(AGAIN, {"password": "another-horse-9"}).status_code == 422

    def test_guessing_is_braked(self, ada: Customer, settings: Any) -> None:
        settings.THROTTLE = "on"
        statuses = [ada.client.post(AGAIN, {"password": f"{n}"}).status_code for n in range(12)]
        assert statuses == [422] * 10 + [429] * 2

    def test_an_open_session_gives_the_account_to_no_other_address(self, ada: Customer) -> None:
        """Or a password could be chosen by a mail to it."""
        sign_in_long_ago(ada.client)
        door = f"/accounts/address/{links.to_prove(ada.user, 'evil@example.com')}/"
        for method in (ada.client.get, ada.client.post):
            again = method(door).headers["Location"]
            assert again.startswith("/accounts/again/?next=%2Faccounts%2Faddress%2F")
        ada.user.refresh_from_db()
        assert ada.user.email != "evil@example.com"
        assert ada.client.post(again, {"password": PASSWORD}).headers["Location"] == door
        assert ada.client.get(door).status_code == 200

    def test_nobody_signs_in_again(self, client: Client) -> None:
        assert client.get("/accounts/again/").status_code == 302


def test_five_exports_an_hour(ada: Customer, settings: Any) -> None:
    settings.THROTTLE = "on"
    assert [ada.client.post(EXPORT).status_code for _ in range(6)] == [200] * 5 + [429]


class TestOperators:
    LIST = "/admin/rights/request/"

    @pytest.fixture
    def waiting(self, ada: Customer) -> Request:
        with bound(Away(), "invoice"):
            ada.buys()
            ada.client.post(ERASE)
        return Request.objects.get()

    @pytest.fixture
    def staff(self) -> Client:
        client = Client()
        client.force_login(User.objects.create_user("staff@shop.example", is_staff=True))
        return client

    def test_requests_are_read(self, waiting: Request, staff: Client) -> None:
        page = staff.get(self.LIST).content.decode()
        assert str(waiting.subject) in page
        assert "An order is still under way." in page
        assert self.LIST in staff.get("/admin/").content.decode()
        assert staff.get(f"{self.LIST}{waiting.pk}/change/").status_code == 200
        assert staff.get(f"{self.LIST}add/").status_code == 403

    def test_what_waits_is_tried_again(self, waiting: Request, staff: Client) -> None:
        later = timezone.now() + timedelta(hours=1)
        Request.objects.update(due_at=later)
        chosen = {"action": "retry", "_selected_action": [str(waiting.pk)]}
        page = staff.post(self.LIST, chosen, follow=True).content.decode()
        assert "Tried again now: 1 of 1." in page
        waiting.refresh_from_db()
        assert waiting.due_at < later

    def test_customers_do_not(self, waiting: Request, ada: Customer) -> None:
        assert ada.client.get(self.LIST).status_code == 302


def test_security_events_name_nobody(ada: Customer, caplog: pytest.LogCaptureFixture) -> None:
    ada.buys()
    with caplog.at_level(logging.INFO):
        ada.client.post(EXPORT).close()
        ada.client.post(ERASE)
        go_on(Request.objects.get(kind="erasure"))
    events = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    actions = [event["event.action"] for event in events if "event.action" in event]
    assert list(dict.fromkeys(actions)) == [
        "customer-data-exported",
        "customer-erasure-asked",
        "customer-erasure-done",
    ]
    said = "\n".join(map(str, events))
    assert not [each for each in (ada.email, ada.first, ada.last) if each in said]
