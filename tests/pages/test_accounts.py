"""Signing in and out, registering, the profile."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from apps.payment.contract import PaymentContract
from extract.call import NotSent, bound
from shop.accounts import throttle
from shop.accounts.models import User

pytestmark = pytest.mark.usefixtures("database")
PASSWORD = "correct-horse-9"


@pytest.fixture(autouse=True)
def _no_tries_yet() -> None:
    cache.clear()


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


def test_guessing_is_braked(client: Client, ada: User, settings: Any) -> None:
    settings.THROTTLE = "on"
    for _ in range(throttle.TRIES_PER_ACCOUNT):
        assert sign_in(client, password="wrong").status_code == 200
    braked = sign_in(client)
    assert braked.status_code == 429
    assert int(braked.headers["Retry-After"]) == throttle.WINDOW
    assert sign_in(client, email="someone@example.com").status_code == 200


def test_guessing_is_braked_in_the_back_office_too(
    client: Client, ada: User, settings: Any
) -> None:
    settings.THROTTLE = "on"
    doors = ("/admin/login/", "/accounts/login/")
    for number in range(throttle.TRIES_PER_ACCOUNT):
        fields = {"username": "ada@example.com", "password": "wrong"}
        assert client.post(doors[number % 2], fields).status_code == 200
    for door in doors:
        fields = {"username": "Ada@example.com", "password": PASSWORD}
        assert client.post(door, fields).status_code == 429
    assert client.get("/admin/login/").status_code == 200


def test_signing_out_needs_a_post(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/").url == "/"
    assert client.get("/accounts/profile/").status_code == 302


def test_a_new_customer_is_signed_in(client: Client) -> None:
    fields = {"first_name": "Bo", "last_name": "", "email": "Bo@Example.com"}
    answer = client.post(
        "/accounts/register/", {**fields, "password1": PASSWORD, "password2": PASSWORD}
    )
    assert answer.url == "/accounts/profile/"
    bo = User.objects.get(email="bo@example.com")
    assert not bo.is_staff
    assert client.session["_auth_user_id"] == str(bo.pk)


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"email": "ADA@example.com"}, "There is an account with this e-mail address already"),
        ({"password2": "another-one-9"}, "password fields didn’t match"),
        ({"password1": "password", "password2": "password"}, "too common"),
        ({"email": "bo@example.com\nBcc: all@example.com"}, "valid email"),
    ],
)
def test_a_refused_registration_says_why(
    client: Client, ada: User, changed: dict[str, str], complaint: str
) -> None:
    fields = {"email": "bo@example.com", "password1": PASSWORD, "password2": PASSWORD, **changed}
    answer = client.post("/accounts/register/", fields)
    assert answer.status_code == 422
    assert complaint in answer.content.decode()
    assert User.objects.count() == 1


def test_nobody_becomes_staff_by_asking(client: Client) -> None:
    fields = {"email": "bo@example.com", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/register/", {**fields, "is_staff": "1", "is_superuser": "1"})
    assert not User.objects.filter(is_staff=True).exists()


def test_details_are_changed_and_markup_stays_text(client: Client, ada: User) -> None:
    client.force_login(ada)
    fields = {"first_name": "<b>Ada</b>", "last_name": "L", "email": "ada.l@example.com"}
    page = client.post("/accounts/profile/", fields, follow=True).content.decode()
    assert "Hello &lt;b&gt;Ada&lt;/b&gt;" in page
    ada.refresh_from_db()
    assert ada.email == "ada.l@example.com"


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
