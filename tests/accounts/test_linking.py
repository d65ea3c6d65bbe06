"""Accounts from before are somebody's at the authorization server only if an operator says so."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from extract.oidc.accounts import account_of, take_roles
from extract.oidc.claims import Claims
from shop.accounts.models import User
from shop.demo import services

pytestmark = pytest.mark.usefixtures("database")

ISSUER = "https://login.example.com/realms/shop"


@pytest.fixture(autouse=True)
def _issuer(settings: Any) -> None:
    settings.OIDC_ISSUER = ISSUER


def _said(sub: str, email: str = "", *, verified: bool = True, **more: Any) -> Claims:
    return Claims(iss=ISSUER, sub=sub, email=email, email_verified=verified, **more)


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com", "a-good-password", first_name="Ada")


def test_the_same_address_makes_nobody_the_same_person(ada: User) -> None:
    other = account_of(_said("s-1", ada.email)).user
    assert other.pk != ada.pk
    assert not other.is_proved
    assert not other.is_reachable
    assert not other.has_usable_password()


def test_an_operator_links_them(ada: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("link_account", "Ada@Example.com", "s-1")
    assert account_of(_said("s-1", ada.email)).user == ada
    call_command("link_account", ada.email, "s-1")
    assert "was already" in capsys.readouterr().out


def test_nobody_is_linked_twice(ada: User) -> None:
    account_of(_said("s-1"))
    with pytest.raises(CommandError, match=r"s-1 is .*'s already"):
        call_command("link_account", ada.email, "s-1")
    call_command("link_account", ada.email, "s-2")
    with pytest.raises(CommandError, match="linked to the account s-2"):
        call_command("link_account", ada.email, "s-3")
    with pytest.raises(CommandError, match="no user bob"):
        call_command("link_account", "bob@example.com", "s-4")


def test_without_an_authorization_server_there_is_nothing_to_link(settings: Any, ada: User) -> None:
    settings.OIDC_ISSUER = ""
    with pytest.raises(CommandError, match="OIDC_ISSUER"):
        call_command("link_account", ada.email, "s-1")


def test_an_address_counts_once_it_is_proved_there() -> None:
    user = account_of(_said("s-1", "eve@example.com", verified=False)).user
    assert "eve@example.com" not in (user.email, user.proved_email)
    user.take(_said("s-1", "Eve@Example.com", given_name="Eve"))
    user.refresh_from_db()
    assert (user.email, user.is_proved, user.first_name) == ("eve@example.com", True, "Eve")


def test_rights_follow_the_roles() -> None:
    from shop.accounts.groups import make_usual_groups

    make_usual_groups(using="default")
    account = account_of(_said("s-1", roles=frozenset({"operator", "orders-and-refunds"})))
    user = User.objects.get(pk=account.user_id)
    assert (user.is_staff, user.is_superuser) == (True, False)
    assert user.limited_to == ("payment", "invoice", "receipt")
    take_roles(account, _said("s-1", roles=frozenset({"superuser"})))
    user = User.objects.get(pk=account.user_id)
    assert (user.is_staff, user.is_superuser, user.groups.count()) == (True, True, 0)
    take_roles(account, _said("s-1"))
    user = User.objects.get(pk=account.user_id)
    assert (user.is_staff, user.is_superuser) == (False, False)


def test_the_demo_people_are_those_of_the_demo_realm() -> None:
    services._make_accounts()
    services._link_accounts()
    services._link_accounts()
    for account in services.ACCOUNTS:
        assert account_of(_said(account.sub)).user.email == account.email
