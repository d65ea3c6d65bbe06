"""An account is made by whoever reads its address, and nobody else learns whether there is one."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from shop.accounts import links
from shop.accounts.models import User
from tests.accounts.post import link_in, mails, text_of

pytestmark = pytest.mark.usefixtures("database")
PASSWORD = "correct-horse-9"
DOOR = "/accounts/register/"
FIELDS = {"first_name": "Bo", "last_name": "", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com", PASSWORD, proved_email="ada@example.com")


def test_a_new_customer_proves_the_address_and_is_signed_in(client: Client) -> None:
    assert client.post(DOOR, {"email": "Bo@Example.com"}).url == "/accounts/mail-sent/"
    assert not User.objects.exists()
    link = link_in(mails(to="bo@example.com")[0])
    assert "bo@example.com" in client.get(link).content.decode()
    assert client.post(link, FIELDS).url == "/accounts/profile/"
    bo = User.objects.get(email="bo@example.com")
    assert bo.is_proved
    assert not bo.is_staff
    assert client.session["_auth_user_id"] == str(bo.pk)
    again = Client().post(link, {**FIELDS, "password1": "x" * 12, "password2": "x" * 12})
    assert again.url == "/accounts/login/"
    bo.refresh_from_db()
    assert bo.check_password(PASSWORD)


def test_the_answer_does_not_tell_who_has_an_account(ada: User) -> None:
    answers = [
        (answer.redirect_chain, answer.content)
        for address in ("ada@example.com", "new@example.com")
        if (answer := Client().post(DOOR, {"email": address}, follow=True))
    ]
    assert answers[0] == answers[1]
    (owner,), (new,) = mails(to="ada@example.com"), mails(to="new@example.com")
    assert "You have one already" in text_of(owner)
    assert link_in(owner) == "/accounts/login/"
    assert link_in(new).startswith(DOOR)


@pytest.mark.parametrize("link", ["nonsense", "a:b:c", "another"])
def test_a_link_that_is_none_is_refused(client: Client, link: str, ada: User) -> None:
    link = links.to_prove(ada, "bo@example.com") if link == "another" else link
    for answer in (client.get(f"{DOOR}{link}/"), client.post(f"{DOOR}{link}/", FIELDS)):
        assert answer.status_code == 404
        assert "This link does not work" in answer.content.decode()
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"password2": "another-one-9"}, "password fields didn’t match"),
        ({"password1": "password", "password2": "password"}, "too common"),
        ({"first_name": "A\u202eb"}, "direction"),
    ],
)
def test_a_refused_registration_says_why(
    client: Client, changed: dict[str, str], complaint: str
) -> None:
    link = f"{DOOR}{links.to_register('bo@example.com')}/"
    answer = client.post(link, {**FIELDS, **changed})
    assert answer.status_code == 422
    assert complaint in answer.content.decode()
    assert not User.objects.exists()


def test_nobody_becomes_staff_or_somebody_else_by_asking(client: Client) -> None:
    link = f"{DOOR}{links.to_register('bo@example.com')}/"
    more = {"is_staff": "1", "is_superuser": "1", "email": "x@example.com", "proved_email": "y"}
    client.post(link, {**FIELDS, **more})
    assert list(User.objects.values_list("email", "is_staff", "is_superuser")) == [
        ("bo@example.com", False, False)
    ]


def test_a_new_address_is_the_accounts_when_it_is_proved(client: Client, ada: User) -> None:
    client.force_login(ada)
    User.objects.create_user("taken@example.com", PASSWORD)
    pages = [
        client.post("/accounts/profile/", {"email": address}, follow=True).content.decode()
        for address in ("taken@example.com", "fresh@example.com")
    ]
    taken, fresh = (re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page) for page in pages)
    assert taken.replace("taken@", "fresh@") == fresh
    assert "account of its own already" in text_of(mails(to="taken@example.com")[0])
    assert len(mails(to="ada@example.com")) == 2  # the owner hears of it
    ada.refresh_from_db()
    assert ada.email == "ada@example.com"
    link = link_in(mails(to="fresh@example.com")[0])
    assert client.get(link).status_code == 200
    assert client.post(link).url == "/accounts/profile/"
    ada.refresh_from_db()
    assert (ada.email, ada.is_proved) == ("fresh@example.com", True)
    assert client.post(link).status_code == 404


def test_nobody_proves_an_address_for_a_strangers_account(client: Client, ada: User) -> None:
    stranger = User.objects.create_user("stranger@example.com", PASSWORD)
    asking = Client()
    asking.force_login(stranger)
    asking.post("/accounts/profile/", {"email": "victim@example.com"})
    link = link_in(mails(to="victim@example.com")[0])
    assert client.get(link).url.startswith("/accounts/login/")
    client.force_login(ada)
    answer = client.post(link)
    assert answer.status_code == 404
    assert "another account" in answer.content.decode()
    stranger.refresh_from_db()
    assert stranger.email == "stranger@example.com"


def test_an_account_from_before_proves_its_address(client: Client) -> None:
    user = User.objects.create_user("old@example.com", PASSWORD)
    client.force_login(user)
    assert "is not proved yet" in client.get("/accounts/profile/").content.decode()
    client.post("/accounts/address/")
    client.post(link_in(mails(to="old@example.com")[0]))
    user.refresh_from_db()
    assert user.is_proved
    assert "is not proved yet" not in client.get("/accounts/profile/").content.decode()


def test_an_address_changed_by_an_operator_is_to_be_proved(ada: User) -> None:
    ada.email = "other@example.com"
    ada.save()
    assert not ada.is_proved
