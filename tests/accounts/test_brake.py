"""Guessing is braked where somebody guesses, and owners get in all the same."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from django.test import Client
from django.test.utils import override_settings

from extract.identity.tries import Limit, TooManyTries, give_back, is_first, reserve
from shop.accounts import brake
from shop.accounts.models import User
from tests.accounts.post import mails, text_of
from tests.cheap import CheapHasher

pytestmark = pytest.mark.usefixtures("database", "_braked")
PASSWORD = "correct-horse-9"
STRANGER, OWNER = "192.0.2.66", "192.0.2.1"
LIMIT = Limit(name="test", tries=10, seconds=300)


@pytest.fixture
def _braked(settings: Any) -> None:
    settings.THROTTLE = "on"
    settings.EXTRACT_BASIC_AUTH = True


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com", PASSWORD)


class Watched(CheapHasher):
    """Knows which passwords it was asked to check."""

    algorithm = "watched"
    checked: ClassVar[list[str]] = []

    def verify(self, password: str, encoded: str) -> bool:
        self.checked.append(password)
        return super().verify(password, encoded)


@pytest.fixture
def checked(settings: Any) -> list[str]:
    """The passwords that are looked at."""
    settings.PASSWORD_HASHERS = [f"{__name__}.Watched"]
    Watched.checked.clear()
    return Watched.checked


def sign_in(
    client: Client, password: str = PASSWORD, *, by: str = STRANGER, name: str = "ada@example.com"
) -> int:
    fields = {"username": name, "password": password}
    return client.post("/accounts/login/", fields, REMOTE_ADDR=by).status_code


def sign_out(client: Client) -> None:
    """The test client's own would drop all cookies."""
    client.post("/accounts/logout/")


def test_guessing_is_braked_where_it_is_done(client: Client, ada: User) -> None:
    tries = brake.TRIES_PER_PAIR
    assert [sign_in(client, f"guess {n}") for n in range(tries + 1)] == [200] * tries + [429]
    answer = client.post(
        "/accounts/login/",
        {"username": "ada@example.com", "password": PASSWORD},
        REMOTE_ADDR=STRANGER,
    )
    assert (answer.status_code, answer["Retry-After"]) == (429, str(brake.WINDOW))
    # Another spelling is the same account, another account another one.
    assert sign_in(client, name=" Ada@EXAMPLE.com") == 429
    assert sign_in(client, name="bo@example.com") == 200
    # Elsewhere the owner signs in as ever.
    assert sign_in(Client(), by=OWNER) == 302


def by_basic(client: Client, password: str) -> int:
    credential = base64.b64encode(f"ada@example.com:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {credential}"}
    return client.get("/api/orders/", headers=headers, REMOTE_ADDR=STRANGER).status_code


def by_admin(client: Client, password: str) -> int:
    fields = {"username": "ada@example.com", "password": password}
    return client.post("/admin/login/", fields, REMOTE_ADDR=STRANGER).status_code


def by_change(client: Client, password: str) -> int:
    client.force_login(User.objects.get())
    fields = {"old_password": password, "new_password1": "new-horse-99", "new_password2": "x"}
    answer = client.post("/accounts/password/", fields, REMOTE_ADDR=STRANGER)
    client.logout()
    return answer.status_code


def test_all_doors_count_together(checked: list[str], client: Client, ada: User) -> None:
    doors: tuple[Callable[..., int], ...] = (sign_in, by_admin, by_basic, by_change)
    for number in range(brake.TRIES_PER_PAIR):
        assert doors[number % 4](client, f"guess {number}") in (200, 401)
    assert [door(client, PASSWORD) for door in doors] == [429] * 4
    assert len(checked) == brake.TRIES_PER_PAIR


def test_one_client_tries_so_many_accounts(client: Client, ada: User) -> None:
    for number in range(brake.TRIES_PER_CLIENT):
        assert sign_in(client, "wrong", name=f"a{number}@example.com") == 200
    assert sign_in(client) == 429
    assert sign_in(client, by=OWNER) == 302


def test_right_passwords_do_not_count(client: Client, ada: User) -> None:
    for _ in range(brake.TRIES_PER_PAIR + 2):
        assert sign_in(Client()) == 302


@pytest.mark.parametrize("name", ["", " ", "nobody", "@", "x" * 400, "a\u202e@example.com"])
def test_names_of_no_account_stop_nobody_else(client: Client, name: str) -> None:
    for _ in range(brake.TRIES_PER_PAIR + 1):
        assert sign_in(client, "wrong", name=name) in (200, 429)
    answer = client.post("/accounts/register/", {"email": "new@example.com"}, REMOTE_ADDR=STRANGER)
    assert answer.status_code == 302
    assert sign_in(client, "wrong", name="ada@example.com") == 200


def test_forty_guesses_at_once_get_ten_checks(
    checked: list[str], ada: User, together: Callable[..., list[Any]]
) -> None:
    answers = together(lambda n: sign_in(Client(), f"guess {n}"), 40)
    assert set(answers) == {200, 429}
    assert len(checked) == answers.count(200) <= brake.TRIES_PER_PAIR


def test_guesses_from_everywhere_brake_strangers_alone(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brake, "TRIES_PER_ACCOUNT", 4)
    assert sign_in(client, by=OWNER) == 302
    cookie = client.cookies["device"]
    assert cookie["httponly"]
    assert "ada" not in cookie.value
    sign_out(client)
    for number in range(4):
        assert sign_in(Client(), "wrong", by=f"198.51.100.{number}") == 200
    for number in range(3):
        assert sign_in(Client(), by=f"203.0.113.{number}") == 429
    (told,) = mails(to="ada@example.com")
    assert "many wrong passwords" in text_of(told)
    assert sign_in(client, by="203.0.113.9") == 302
    # What it may is to try, as often as anybody.
    sign_out(client)
    guesses = [sign_in(client, f"guess {n}", by=f"203.0.113.{n}") for n in range(12)]
    assert guesses == [200] * brake.TRIES_PER_PAIR + [429] * 2


@pytest.mark.parametrize("how", ["forged", "another's"])
def test_only_a_device_that_was_signed_in_on_is_known(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(brake, "TRIES_PER_ACCOUNT", 0)
    User.objects.create_user("bo@example.com", PASSWORD)
    with override_settings(THROTTLE="off"):
        assert sign_in(client, name="bo@example.com") == 302
    sign_out(client)
    if how == "forged":
        payload, rest = client.cookies["device"].value.split(":", 1)
        client.cookies["device"] = f"{payload[:-2]}AA:{rest}"
    assert sign_in(client) == 429


def test_a_new_password_by_mail_opens_a_braked_account(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.accounts.post import link_in
    from tests.accounts.test_password_reset import NEW, choose

    monkeypatch.setattr(brake, "TRIES_PER_ACCOUNT", 0)
    assert sign_in(client) == 429
    client.post("/accounts/password-reset/", {"email": ada.email})
    choose(client, link_in(mails(to=ada.email)[-1]))
    sign_out(client)
    assert sign_in(client, NEW) == 302


def test_a_household_is_one_client(ada: User) -> None:
    for number in range(brake.TRIES_PER_PAIR):
        sign_in(Client(), "wrong", by=f"2001:db8:1:2::{number:x}")
    assert sign_in(Client(), by="2001:db8:1:2:ffff::1") == 429
    assert sign_in(Client(), by="2001:db8:1:3::1") == 302


TAKE = """
import django; django.setup()
from extract.identity.tries import Limit, TooManyTries, reserve
taken = 0
for _ in range(8):
    try:
        reserve([Limit(name="test", tries=10, seconds=300)])
    except TooManyTries:
        continue
    taken += 1
print(taken)
"""


def test_processes_count_together(redis: Any, tmp_path: Any) -> None:
    env = {**os.environ, "REDIS_URL": redis.url, "DATA_DIR": str(tmp_path), "THROTTLE": "on"}
    env["DJANGO_SETTINGS_MODULE"] = "shop.settings"
    started = [
        subprocess.Popen([sys.executable, "-c", TAKE], env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0] for process in started]
    assert sum(int(each.splitlines()[-1]) for each in said) == 10


def test_without_redis_a_process_counts_alone(redis: Any, settings: Any) -> None:
    where = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis.url,
        "OPTIONS": {"serializer": "extract.identity.tries.CountSerializer"},
    }
    with override_settings(CACHES={**settings.CACHES, "tries": where}):
        assert is_first(LIMIT)
        assert not is_first(LIMIT)
        redis.stop()
        for _ in range(10):
            reserve([LIMIT])
        with pytest.raises(TooManyTries):
            reserve([LIMIT])
        give_back([LIMIT])
        reserve([LIMIT])
