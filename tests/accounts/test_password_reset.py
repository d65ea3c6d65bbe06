"""A forgotten password: a link by mail, once, within the hour; and nothing told to others."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from shop.accounts import brake
from shop.accounts.models import User
from tests.accounts.post import link_in, mails, text_of

pytestmark = pytest.mark.usefixtures("database")
PASSWORD, NEW = "correct-horse-9", "brand-new-horse-9"
DOOR = "/accounts/password-reset/"


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com", PASSWORD)


def choose(client: Client, link: str, password: str = NEW) -> Any:
    form = client.get(link, follow=True)
    target = form.redirect_chain[-1][0] if form.redirect_chain else link
    return client.post(target, {"new_password1": password, "new_password2": password})


def test_the_link_sets_a_password_once_and_ends_sessions_from_before(
    client: Client, ada: User
) -> None:
    elsewhere = Client()
    elsewhere.post("/accounts/login/", {"username": ada.email, "password": PASSWORD})
    assert elsewhere.get("/accounts/profile/").status_code == 200
    assert client.post(DOOR, {"email": " ADA@example.com"}).url == "/accounts/mail-sent/"
    (mail,) = mails()
    assert mail["To"] == ada.email
    answer = choose(client, link_in(mail))
    assert answer.url == "/accounts/profile/"
    assert client.get(answer.url).status_code == 200
    assert elsewhere.get("/accounts/profile/").status_code == 302
    ada.refresh_from_db()
    assert ada.check_password(NEW)
    assert ada.is_proved
    again = Client().get(link_in(mail), follow=True)
    assert "used already" in again.content.decode()
    choose(Client(), link_in(mail), "a-third-horse-9")
    ada.refresh_from_db()
    assert ada.check_password(NEW)


def test_the_link_ends_after_an_hour(client: Client, ada: User, monkeypatch: Any) -> None:
    from datetime import datetime, timedelta

    from django.contrib.auth.tokens import PasswordResetTokenGenerator

    client.post(DOOR, {"email": ada.email})
    now = datetime.now()
    monkeypatch.setattr(
        PasswordResetTokenGenerator, "_now", lambda self: now + timedelta(seconds=3605)
    )
    choose(client, link_in(mails()[0]))
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


def test_the_answer_is_the_same_for_every_address(client: Client, ada: User) -> None:
    User.objects.create_user("gone@example.com", PASSWORD, is_active=False)
    User.objects.create_user("unusable@example.com")
    addresses = [f"{who}@example.com" for who in ("ada", "nobody", "gone", "unusable")]
    answers = []
    for address in addresses:
        answer = Client().post(DOOR, {"email": address}, follow=True)
        answers.append((answer.redirect_chain, answer.content))
    assert all(answer == answers[0] for answer in answers)
    # One mail each: the work is the same, too.
    links = [[link_in(mail) for mail in mails(to=address)] for address in addresses]
    assert [[link.startswith(DOOR) for link in each] for each in links] == [[True]] + [[False]] * 3


def test_nobody_is_buried_in_mails(client: Client, ada: User, settings: Any) -> None:
    settings.THROTTLE = "on"
    for address in (f"192.0.2.{n}" for n in range(brake.MAILS_PER_ADDRESS + 2)):
        answer = client.post(DOOR, {"email": ada.email}, REMOTE_ADDR=address)
        assert answer.url == "/accounts/mail-sent/"
    assert len(mails()) == brake.MAILS_PER_ADDRESS


def test_one_client_asks_for_so_many_mails(client: Client, settings: Any) -> None:
    settings.THROTTLE = "on"
    doors = (DOOR, "/accounts/register/")
    for n in range(brake.MAILS_PER_CLIENT):
        assert client.post(doors[n % 2], {"email": f"a{n}@example.com"}).status_code == 302
    for door in doors:
        answer = client.post(door, {"email": "b@example.com"})
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) == brake.MAIL_WINDOW
    assert client.post(DOOR, {"email": "b@example.com"}, REMOTE_ADDR="192.0.2.9").status_code == 302


def test_a_mail_that_cannot_be_sent_is_said(client: Client, ada: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    for address in (ada.email, "nobody@example.com"):
        answer = client.post(DOOR, {"email": address})
        assert answer.status_code == 503
        assert "No mail can be sent now" in answer.content.decode()


def test_the_pages_lead_there(client: Client, ada: User) -> None:
    assert DOOR in client.get("/accounts/login/").content.decode()
    assert "Choose it here" in text_of(_asked(client))


def _asked(client: Client) -> Any:
    client.post(DOOR, {"email": "ada@example.com"})
    return mails()[-1]
