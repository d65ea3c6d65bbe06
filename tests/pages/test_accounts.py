"""Signing in and out, registering, the profile."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.payment.contract import PaymentContract
from extract.call import NotSent, bound
from shop.accounts.models import User

pytestmark = pytest.mark.usefixtures("database")
PASSWORD = "correct-horse-9"


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com", PASSWORD, first_name="Ada")


class Away:
    """A binding whose app cannot be reached."""

    def call(self, method: Any, arguments: dict[str, Any]) -> Any:
        raise NotSent(method.label, "nobody is there")


def sign_in(
    client: Client, *, email: str = "ada@example.com", password: str = PASSWORD, **more: Any
) -> Any:
    return client.post("/accounts/login/", {"username": email, "password": password, **more})


def test_signing_in_takes_the_address_in_any_case(client: Client, ada: User) -> None:
    answer = sign_in(client, email=" ADA@Example.com ")
    assert answer.status_code == 302
    assert answer.url == "/accounts/profile/"
    assert "Hello Ada" in client.get(answer.url).content.decode()


@pytest.mark.parametrize(
    "next", ["//evil.example", "https://evil.example/", "javascript:alert(1)", r"/\evil"]
)
def test_next_stays_local(client: Client, ada: User, next: str) -> None:
    assert sign_in(client, next=next).url == "/accounts/profile/"


def test_next_is_followed(client: Client, ada: User) -> None:
    assert sign_in(client, next="/checkout/").url == "/checkout/"


def test_a_wrong_password_says_so(client: Client, ada: User) -> None:
    page = sign_in(client, password="wrong").content.decode()
    assert "No account has this e-mail address and password" in page
    assert "_auth_user_id" not in client.session


def test_signing_out_needs_a_post(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/").url == "/"
    assert client.get("/accounts/profile/").status_code == 302


def test_details_are_changed_and_markup_stays_text(client: Client, ada: User) -> None:
    client.force_login(ada)
    fields = {"first_name": "<b>Ada</b>", "last_name": "L", "email": "ada@example.com"}
    page = client.post("/accounts/profile/", fields, follow=True).content.decode()
    assert "Hello &lt;b&gt;Ada&lt;/b&gt;" in page
    ada.refresh_from_db()
    assert ada.last_name == "L"


def test_the_profile_opens_while_payment_is_away(client: Client, ada: User) -> None:
    client.force_login(ada)
    with bound(Away(), PaymentContract.app):
        answer = client.get("/accounts/profile/")
    assert answer.status_code == 200
    assert "cannot be shown at the moment" in answer.content.decode()


def test_the_password_is_changed(client: Client, ada: User) -> None:
    client.force_login(ada)
    new = "brand-new-horse-9"
    fields = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/accounts/password/", fields).url == "/accounts/profile/"
    ada.refresh_from_db()
    assert ada.check_password(new)


def test_the_back_office_is_offered_to_operators_only(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert "/admin/" not in client.get("/accounts/profile/").content.decode()
    client.force_login(User.objects.create_user("op@example.com", PASSWORD, is_staff=True))
    assert 'href="/admin/"' in client.get("/accounts/profile/").content.decode()
