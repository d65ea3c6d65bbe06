"""Accounts taken over: by a session's id, by an address, by a password from before."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from tests.fleets import Fleet, wait_until
from tests.keycloak.api import NOT_SIGNED_IN, WRONG, Header, ask, bearer, order_as_guest
from tests.keycloak.flow import ADA, OPERATOR, away, back, is_signed_in, signed_in, tokens, visit
from tests.keycloak.person import Page, Person
from tests.keycloak.server import Keycloak
from tests.serving import Server

SUPERUSER = ("admin@example.com", "admin-demo")
PASSWORD = "a-password-of-theirs"
ENDED_WITHIN = 5.0


@pytest.fixture
def unproved(keycloak: Keycloak, shop: Fleet) -> Iterator[None]:
    """A realm in which anybody may have any address."""
    usual = keycloak.admin("GET", "")
    names = (
        "verifyEmail", "duplicateEmailsAllowed", "loginWithEmailAllowed",
        "registrationEmailAsUsername",
    )  # fmt: skip
    keycloak.change_realm(
        verifyEmail=False, duplicateEmailsAllowed=True, loginWithEmailAllowed=False,
        registrationEmailAsUsername=False,
    )  # fmt: skip
    yield
    keycloak.change_realm(**{name: usual[name] for name in names})


@pytest.fixture
def account(keycloak: Keycloak, shop: Fleet) -> Iterator[Callable[..., str]]:
    """``account(email, username=…, emailVerified=…)`` makes one that is gone after the test."""
    made: list[str] = []

    def make(email: str, **settings: object) -> str:
        made.append(keycloak.add_user(email, PASSWORD, **settings))
        return made[-1]

    yield make
    for user in made:
        keycloak.admin("DELETE", f"/users/{user}")


def session_of(person: Person, shop: str) -> Header:
    return "Cookie", f"sessionid={person.cookie(shop)}"


def holding(cookie: str, shop: str) -> Person:
    """Somebody who has learnt a session's id."""
    person = Person()
    person.cookies[urlsplit(shop).netloc] = {"sessionid": cookie}
    return person


def test_a_session_fixed_before_the_sign_in_is_worth_nothing(either: str) -> None:
    attacker, victim = Person(), Person()
    away(attacker, either)
    fixed = attacker.cookie(either)
    assert fixed
    victim.cookies[urlsplit(either).netloc] = {"sessionid": fixed}
    page = victim.sign_in(either, *ADA)
    assert page.url == f"{either}/accounts/profile/"
    assert victim.cookie(either) != fixed
    assert not is_signed_in(holding(fixed, either), either)
    assert is_signed_in(victim, either)


def test_an_id_that_nobody_gave_out_is_not_taken(either: str) -> None:
    victim = holding("a" * 32, either)
    victim.sign_in(either, *ADA)
    assert is_signed_in(victim, either)
    assert not is_signed_in(holding("a" * 32, either), either)


def test_a_session_from_before_another_sign_in_is_worth_nothing(either: str) -> None:
    victim = signed_in(either, *ADA)
    before = victim.cookie(either)
    assert is_signed_in(holding(before, either), either)
    for who in (ADA, OPERATOR):
        url = visit(victim, f"{either}/accounts/again/").leads_to
        if who is not ADA:  # Keycloak would ask for the same one's password
            victim.cookies = {urlsplit(either).netloc: victim.cookies[urlsplit(either).netloc]}
        assert visit(victim, back(victim, url, *who)).status == 302
        assert victim.cookie(either) != before
        assert not is_signed_in(holding(before, either), either)
        assert is_signed_in(victim, either)
        before = victim.cookie(either)


def test_a_session_from_before_signing_out_is_worth_nothing(either: str) -> None:
    victim = signed_in(either, *ADA)
    before = victim.cookie(either)
    page = visit(victim, f"{either}/accounts/profile/")
    victim.send(page, "/accounts/logout/")
    assert not is_signed_in(holding(before, either), either)


@pytest.mark.usefixtures("unproved")
@pytest.mark.parametrize("first", ["owner", "thief"])
def test_an_address_that_is_not_proved_opens_nothing(
    either: str, account: Callable[..., str], first: str
) -> None:
    address = f"{first}-{urlsplit(either).port}@example.com"
    guests = order_as_guest(either, address)
    names = {"owner": f"owner-{first}", "thief": f"thief-{first}"}
    account(address, username=names["owner"], emailVerified=True)
    account(address, username=names["thief"], emailVerified=False)
    people: dict[str, Person] = {}
    for who in sorted(names, key=lambda name: name != first):
        people[who] = signed_in(either, names[who], PASSWORD)
    for order in (guests, order_as_guest(either, address)):
        # Whoever signs in claims what was ordered under their address meanwhile.
        for who in ("thief", "owner"):
            people[who] = signed_in(either, names[who], PASSWORD)
        thief, owner = (session_of(people[who], either) for who in ("thief", "owner"))
        assert ask(either, f"/api/orders/{order}/", owner)[0] == 200
        assert ask(either, f"/api/orders/{order}/", thief)[0] == 404
        assert ask(either, "/api/orders/", thief)[1]["count"] == 0
        assert visit(people["thief"], f"{either}/orders/{order}/").status == 404
        assert order not in visit(people["thief"], f"{either}/accounts/profile/").text


@pytest.mark.usefixtures("unproved")
@pytest.mark.parametrize("proved", [True, False])
def test_an_account_of_the_shops_own_is_not_theirs_who_have_its_address(
    either: str, account: Callable[..., str], proved: bool
) -> None:
    for address in (SUPERUSER[0], OPERATOR[0]):
        name = f"like-{address.partition('@')[0]}"
        account(address, username=name, emailVerified=proved)
        person = signed_in(either, name, PASSWORD)
        assert visit(person, f"{either}/admin/").status in (302, 403)
        assert visit(person, f"{either}/admin/login/").status == 403
        assert ask(either, "/api/orders/", session_of(person, either))[1]["count"] == 0


def test_who_is_barred_here_is_whatever_keycloak_says(
    shop: Fleet, keycloak: Keycloak, account: Callable[..., str]
) -> None:
    email = "barred@example.com"
    user = account(email)
    person = signed_in(shop.base_url, email, PASSWORD)
    token = tokens(keycloak, shop.base_url, email, PASSWORD)["access_token"]
    assert ask(shop.base_url, "/api/orders/", bearer(token))[0] == 200
    _run(shop, f"User.objects.filter(oidc_accounts__sub={user!r}).update(is_active=False)")
    wait_until(lambda: ask(shop.base_url, "/api/orders/", bearer(token)) == WRONG, ENDED_WITHIN)
    wait_until(lambda: not is_signed_in(person, shop.base_url), ENDED_WITHIN)
    anew = Person()
    url = back(anew, away(anew, shop.base_url), email, PASSWORD)
    assert visit(anew, url).status == 400
    assert not is_signed_in(anew, shop.base_url)


def test_who_is_gone_from_keycloak_is_gone(
    either: str, keycloak: Keycloak, account: Callable[..., str]
) -> None:
    email = f"gone-{urlsplit(either).port}@example.com"
    user = account(email)
    person = signed_in(either, email, PASSWORD)
    keycloak.enable(user, enabled=False)
    wait_until(lambda: not is_signed_in(person, either), ENDED_WITHIN)


def test_passwords_that_are_kept_here_open_nothing(either: str) -> None:
    for email, password in (SUPERUSER, OPERATOR, ADA):
        person = Person()
        for where in ("/accounts/login/", "/admin/login/"):
            page = _posted(person, f"{either}{where}", username=email, password=password)
            assert page.status in (403, 405)
            assert visit(person, f"{either}/admin/").leads_to.startswith(f"{either}/admin/login/")
        assert ask(either, "/api/orders/", _basic(email, password)) == NOT_SIGNED_IN
    assert visit(Person(), f"{either}/accounts/break-glass/").status == 404


def test_behind_the_glass_are_only_superusers(
    keycloak: Keycloak, serve: Callable[..., Server]
) -> None:
    url = serve(BREAK_GLASS="1", **keycloak.env).base_url
    door = f"{url}/accounts/break-glass/"
    for email, password in (OPERATOR, ADA, (SUPERUSER[0], "wrong")):
        person = Person()
        assert _posted(person, door, username=email, password=password).status == 200
        assert visit(person, f"{url}/admin/").status == 302
        assert ask(url, "/api/orders/", _basic(email, password)) == NOT_SIGNED_IN
    person = Person()
    page = _posted(person, door, username=SUPERUSER[0], password=SUPERUSER[1])
    assert page.leads_to == f"{url}/admin/"
    assert visit(person, f"{url}/admin/").status == 200
    assert ask(url, "/api/orders/", _basic(*SUPERUSER)) == NOT_SIGNED_IN
    token = {"csrfmiddlewaretoken": person.cookie(url, "csrftoken")}
    for where in ("/accounts/login/", "/admin/login/"):
        assert person.post(f"{url}{where}", token, follow=False).status == 405


def _posted(person: Person, url: str, **fields: str) -> Page:
    """With the token of the form there, if there is one."""
    form = visit(person, url)
    return person.post(url, {**form.fields(), **fields}, follow=False)


def _basic(email: str, password: str) -> Header:
    credential = base64.b64encode(f"{email}:{password}".encode()).decode()
    return "Authorization", f"Basic {credential}"


def _run(shop: Fleet, statement: str) -> None:
    imports = "from shop.accounts.models import User"
    done = shop.manage("shell", "-c", f"{imports}; {statement}")
    assert done.returncode == 0, done.stderr
