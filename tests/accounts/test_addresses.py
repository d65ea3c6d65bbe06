"""One mailbox is one account, however its address is spelt, at every place that takes one."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from shop.accounts.models import User

pytestmark = pytest.mark.usefixtures("database")
PASSWORD = "correct-horse-9"
SPELLINGS = ("u@bücher.example", "U@xn--bcher-kva.example", " u@BÜCHER.example ")


@pytest.mark.parametrize("made_as", SPELLINGS)
@pytest.mark.parametrize("typed", SPELLINGS)
def test_any_spelling_signs_in(client: Client, made_as: str, typed: str) -> None:
    user = User.objects.create_user(made_as, PASSWORD)
    assert user.email == "u@xn--bcher-kva.example"
    client.post("/accounts/login/", {"username": typed, "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(user.pk)


def test_the_back_office_makes_no_second_account(client: Client) -> None:
    client.force_login(User.objects.create_superuser("admin@example.com", PASSWORD))
    fields = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    for spelling in SPELLINGS:
        client.post("/admin/accounts/user/add/", {"email": spelling, **fields})
    assert User.objects.filter(is_staff=False).count() == 1


@pytest.mark.parametrize("address", ["a@localhost", f"{'x' * 65}@example.com", "teſt@example.com"])
def test_no_door_takes_what_is_no_address(client: Client, address: str) -> None:
    with pytest.raises(ValidationError):
        User.objects.create_user(address)
    with pytest.raises(CommandError):
        call_command("createsuperuser", "--no-input", "--email", address)
    for door in ("/accounts/register/", "/accounts/password-reset/"):
        assert client.post(door, {"email": address}).status_code == 422
    client.force_login(User.objects.create_superuser("admin@example.com", PASSWORD))
    fields = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert client.post("/admin/accounts/user/add/", {"email": address, **fields}).status_code == 200
    assert client.post("/accounts/profile/", {"email": address}).status_code == 422
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "status"), [("\u200b", 422), ("A\u202eb", 422), ("A\nb", 422), ("کتاب\u200cخانه", 302)]
)
def test_a_persons_name_is_a_line_of_text(client: Client, name: str, status: int) -> None:
    from shop.accounts import links

    door = f"/accounts/register/{links.to_register('bo@example.com')}/"
    fields = {"password1": PASSWORD, "password2": PASSWORD, "last_name": "B"}
    answer = client.post(door, {**fields, "first_name": name})
    # What nobody sees is no name, and none is asked for.
    assert answer.status_code == (302 if name == "\u200b" else status)
    assert User.objects.filter(first_name=name).exists() == (status == 302)


def test_a_groups_name_is_a_line_of_text(client: Client) -> None:
    client.force_login(User.objects.create_superuser("admin@example.com", PASSWORD))
    assert client.post("/admin/auth/group/add/", {"name": "A\u202eb"}).status_code == 200
    assert client.post("/admin/auth/group/add/", {"name": "Packers"}).status_code == 302


def test_accounts_from_before_get_the_one_spelling(capsys: Any) -> None:
    one_mailbox = ("w@bücher.example", "w@xn--bcher-kva.example")
    for address in ("é@example.com", "v@bücher.example", *one_mailbox):
        User.objects.bulk_create([User(email=address, password=f"of {address}")])
    User.objects.bulk_create([User(email="op@localhost.example", is_staff=True)])
    migration = import_module("shop.accounts.migrations.0004_one_spelling")
    with connections["default"].schema_editor() as editor:
        migration.respell(apps, editor)
    assert set(User.objects.values_list("email", "password")) == {
        ("é@example.com", "of é@example.com"),
        ("v@xn--bcher-kva.example", "of v@bücher.example"),
        ("w@bücher.example", "of w@bücher.example"),
        ("w@xn--bcher-kva.example", "of w@xn--bcher-kva.example"),
        ("op@localhost.example", ""),
    }
    said = capsys.readouterr().err
    assert "'é@example.com' is no address" in said
    assert "'w@bücher.example'" in said
    # Both of one mailbox can still sign in, each as it is spelt.
    for address in (*one_mailbox, "é@example.com"):
        assert User.objects.get_by_natural_key(address).email == address
    assert [user.is_proved for user in User.objects.order_by("is_staff")][-1]
