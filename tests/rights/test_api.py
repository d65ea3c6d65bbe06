"""Rights over the API: who may ask, how often, and what comes."""

from __future__ import annotations

import base64
import io
import time
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client

from extract.call import bound
from shop.accounts.fresh import AUTHENTICATED_AT, FRESH_SECONDS
from shop.accounts.models import User
from shop.rights.models import Request
from tests.rights.scene import PASSWORD, Away, Customer, open_shop

pytestmark = pytest.mark.usefixtures("database")

EXPORT, ERASURE = "/api/account/export/", "/api/account/erasure/"


@pytest.fixture
def ada() -> Customer:
    open_shop()
    return Customer("Zenobia", "Quillfeather")


def sign_in_long_ago(client: Client) -> None:
    session = client.session
    session[AUTHENTICATED_AT] = int(time.time()) - FRESH_SECONDS
    session.save()


def basic(customer: Customer, password: str = PASSWORD) -> dict[str, str]:
    credential = base64.b64encode(f"{customer.email}:{password}".encode()).decode()
    return {"Authorization": f"Basic {credential}"}


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]


def test_the_export_comes_as_a_file(ada: Customer) -> None:
    ada.buys()
    answer = ada.client.get(EXPORT, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == 'attachment; filename="my-data.zip"'
    content = b"".join(answer)
    assert int(answer["Content-Length"]) == len(content)
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert "payment/order.json" in archive.namelist()


def test_an_export_is_whole_or_refused(ada: Customer) -> None:
    with bound(Away(), "receipt"):
        assert problem(ada.client.get(EXPORT)) == (503, "/problems/unavailable")
    (request,) = Request.objects.all()
    assert "nobody is there" in request.last_error


@pytest.mark.parametrize(("method", "path"), [("GET", EXPORT), ("POST", ERASURE)])
def test_nobody_in_particular_has_no_data(method: str, path: str, client: Client) -> None:
    assert problem(client.generic(method, path)) == (401, "/problems/not-authenticated")


def test_an_erasure_is_asked_for_once(ada: Customer) -> None:
    with bound(Away(), "invoice"):
        ada.buys()
        first, second = ada.client.post(ERASURE), ada.client.post(ERASURE)
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert first.json()["state"] == "under way"


def test_an_old_login_is_not_enough(ada: Customer) -> None:
    sign_in_long_ago(ada.client)
    assert problem(ada.client.post(ERASURE)) == (403, "/problems/fresh-login-needed")
    assert not Request.objects.exists()
    assert ada.client.get(EXPORT).status_code == 200


def test_a_session_that_never_said_when_it_began_is_old(ada: Customer) -> None:
    session = ada.client.session
    del session[AUTHENTICATED_AT]
    session.save()
    assert problem(ada.client.post(ERASURE)) == (403, "/problems/fresh-login-needed")


def test_with_basic_the_password_comes_along(ada: Customer) -> None:
    sign_in_long_ago(ada.client)
    wrong = ada.client.post(ERASURE, headers=basic(ada, "wrong"))
    assert problem(wrong) == (401, "/problems/wrong-credential")
    assert ada.client.post(ERASURE, headers=basic(ada)).json()["state"] == "done"
    assert not User.objects.filter(email=ada.email).exists()


def test_a_session_needs_the_csrf_token(ada: Customer) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = ada.client.cookies
    assert problem(strict.post(ERASURE)) == (403, "/problems/csrf-failed")


def test_staff_are_refused() -> None:
    client = Client()
    client.force_login(User.objects.create_user("staff@shop.example", is_staff=True))
    assert problem(client.post(ERASURE)) == (409, "/problems/staff-account")
    assert client.get(EXPORT).status_code == 200


@pytest.mark.parametrize("path", [EXPORT, ERASURE])
def test_five_an_hour_and_account(path: str, ada: Customer, settings: Any) -> None:
    settings.THROTTLE = "on"
    User.objects.filter(pk=ada.user.pk).update(is_staff=path == ERASURE)  # refused, and counted
    send = ada.client.get if path == EXPORT else ada.client.post
    other = Customer("Thorvald", "Mixwright")
    assert {send(path).status_code for _ in range(5)} <= {200, 409}
    refused = send(path)
    assert problem(refused) == (429, "/problems/too-many-requests")
    assert refused["Retry-After"] == "3600"
    send = other.client.get if path == EXPORT else other.client.post
    assert send(path).status_code in (200, 202)
