"""What the processes of a fleet write of themselves: whole, valid, and without a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from tests.fleets import wait_until
from tests.load.purchases import buy_on
from tests.load.traced import Report
from tests.load.traces import Faults
from tests.observe.conftest import Scene
from tests.observe.ecs import problems
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop

PURCHASES = 30


def guest(scene: Scene) -> Shop:
    return Shop(HttpTransport(scene.fleet.base_url))


def operator(scene: Scene) -> Shop:
    shop = guest(scene)
    login = {"username": "operator@example.com", "password": "operator-demo"}
    shop.submit("/accounts/login/", shop.form("/accounts/login/") | login)
    return shop


def test_each_purchase_is_found_whole_and_names_who_is_to_blame(scene: Scene) -> None:
    faults = Faults(scene.fleet, scene.mails, PURCHASES)
    purchases = buy_on(scene.fleet.base_url, scene.skus, count=PURCHASES, seed=7, between=faults.at)
    scene.books.settle()
    report, traced = Report(faults.raising, faults.slow, faults.killed), scene.traced()
    for purchase in purchases:
        report.judge(purchase, traced)
    assert report.wrong == []
    assert report.named["raised"], report.lines()
    assert report.named["mail"], report.lines()


def test_a_mail_retried_over_two_workers_is_one_tree(scene: Scene) -> None:
    fleet, mails = scene.fleet, scene.mails
    assert fleet.manage("extract", "scale", "receipt-worker", "2").returncode == 0
    wait_until(lambda: len(fleet.workers("receipt")) == 2)
    mails.refuse_first["thrice@shop.example.com"] = 3
    (purchase,) = buy_on(
        fleet.base_url, scene.skus, count=1, seed=8, email="thrice@shop.example.com"
    )
    wait_until(lambda: mails.refuse_first["thrice@shop.example.com"] < 3)

    def tries() -> list[Any]:
        found = scene.traced().find(purchase.order)
        return [hop for trace in found for hop in trace.all() if hop.name == "mail"]

    wait_until(tries)
    first = tries()[0].instance
    assert fleet.manage("extract", "drain", first).returncode == 0
    scene.books.settle()
    assert [hop.outcome for hop in tries()] == [*["failure"] * 3, "success"]
    assert len({hop.instance for hop in tries()}) == 2
    assert fleet.manage("extract", "enable", first).returncode == 0
    asked = fleet.manage("extract", "trace", purchase.order, "--json")
    (trace,) = json.loads(asked.stdout.splitlines()[-1])["traces"]
    sent = [hop for hop in _hops(trace["hops"]) if hop["name"] == "payment.OrderPaid sent"]
    (of_receipt,) = [hop for hop in sent if hop["labels"]["subscriber"] == "receipt"]
    steps = [hop for hop in of_receipt["hops"] if hop["labels"].get("step") == "finish"]
    assert [hop["attempt"] for hop in steps] == [1, 2, 3, 4]
    assert trace["suspect"]["name"] == "mail"
    assert "try 4" in fleet.manage("extract", "trace", purchase.invoice).stdout
    page = operator(scene).page(f"/admin/extract/trace/?id={purchase.invoice}")
    assert page.status == 200
    assert "Failed: mail" in page.text
    assert f"receipt/{first}" in page.text


def _hops(hops: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for hop in hops:
        yield hop
        yield from _hops(hop["hops"])


PASSWORD, GUESS = "planted-password-41", "planted-guess-42"
CARD, COOKIE = "tok_planted_card_43", "planted-cookie-44"
BEARER = "eyJwbGFudGVkIjo0NX0.eyJwbGFudGVkIjo0Nn0.cGxhbnRlZC1zaWduYXR1cmUtNDc"
ACCESS = "planted-access-token-48-" + "x" * 20
NEW_PASSWORD = "planted-new-password-49"


def test_no_secret_is_written_down_anywhere(scene: Scene) -> None:
    planted = [PASSWORD, GUESS, CARD, COOKIE, BEARER, ACCESS, NEW_PASSWORD]
    planted += _bought(scene)
    planted += _signed_in(scene)
    _knocked(scene)
    scene.books.settle()
    said = {path.name: path.read_text(errors="replace") for path in scene.fleet.logs.iterdir()}
    said["up.log"] = scene.fleet.said()
    assert any("GET" in text for text in said.values())
    found = [(name, secret) for name, text in said.items() for secret in planted if secret in text]
    assert found == []


def _bought(scene: Scene) -> list[str]:
    """What a guest's purchase tells, and what their mail says."""
    shop = guest(scene)
    cart = shop.filled_cart(**{scene.skus[0]: 1})
    assert shop.checkout(cart, token=CARD).status == 402
    before = len(scene.mails.taken)
    bought = shop.checkout(cart, email="planted@shop.example.com").json
    access = str(bought["access"])
    for token in (access, ACCESS):
        shop.order(bought["order"], access=token)
        shop.page(f"/orders/{bought['order']}/?access={token}")
        shop.request("GET", f"/api/orders/{bought['order']}/", None, {"X-Order-Access": token})
        shop.pdf(bought["invoice"] or "none", access=token)
    wait_until(lambda: any(b"planted@" in mail for mail in scene.mails.taken[before:]))
    mail = next(mail for mail in scene.mails.taken[before:] if b"planted@" in mail).decode()
    body = [line.strip() for line in mail.splitlines() if line.strip().startswith("Thank")]
    return [access, *body]


def _signed_in(scene: Scene) -> list[str]:
    """The links of an account's mails, and what a session is known by."""
    shop = guest(scene)
    shop.submit("/accounts/register/", shop.form("/accounts/register/") | {"email": "planted@x.io"})
    link = _link(scene, "/accounts/register/")
    shop.submit(link, shop.form(link) | {"password1": PASSWORD, "password2": PASSWORD})
    other = guest(scene)
    for password in (GUESS, PASSWORD):
        login = {"username": "planted@x.io", "password": password}
        other.submit("/accounts/login/", other.form("/accounts/login/") | login)
    other = guest(scene)
    other.submit(
        "/accounts/password-reset/",
        other.form("/accounts/password-reset/") | {"email": "planted@x.io"},
    )
    reset = _link(scene, "/accounts/password-reset/")
    other.page(reset)
    at = reset.rpartition("/")[0].rpartition("/")[0] + "/set-password/"
    new = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    other.submit(at, {**other.form(at), **new})
    tokens = [link.split("/")[3], reset.split("/")[4]]
    return tokens + [unquote(token) for token in tokens]


def _link(scene: Scene, path: str) -> str:
    """The path of the link that the latest mail with such a one holds."""
    pattern = re.compile(rf"https?://[^/\s]+({re.escape(path)}[^\s\"<]+)")

    def links() -> list[str]:
        text = "\n".join(
            mail.decode().replace("=\r\n", "").replace("=3D", "=") for mail in scene.mails.taken
        )
        return pattern.findall(text)

    wait_until(links)
    return links()[-1]


def _knocked(scene: Scene) -> None:
    """Every other way in, with what opens no door."""
    shop = guest(scene)
    headers = {
        "Authorization": f"Bearer {BEARER}", "Cookie": f"sessionid={COOKIE}; csrftoken={COOKIE}",
        "X-Identity": BEARER, "X-Gateway-Pass": ACCESS, "X-Order-Access": ACCESS,
    }  # fmt: skip
    for path in ("/api/orders/", "/orders/", "/accounts/profile/", "/internal/call/", "/nix/"):
        shop.request("GET", path, None, headers)
        shop.page(f"{path}?access={ACCESS}&password={GUESS}&token={ACCESS}")
    shop.request("POST", "/api/checkout/", {"password": PASSWORD, "payment": {"token": CARD}})
    shop.request("POST", "/api/carts/", None, {"Idempotency-Key": "k", "Cookie": COOKIE})
    script = guest(scene).sign_in("operator@example.com", GUESS)
    script.request("GET", "/api/orders/")
    script.sign_in("operator@example.com", "operator-demo").request("GET", "/api/orders/")
    shop.submit("/admin/login/", {"username": "operator@example.com", "password": GUESS})


def test_every_line_is_valid_ecs(scene: Scene) -> None:
    """Also of what the tests before have caused; Redis and whatever starts speak otherwise."""
    lines = list(_lines(scene))
    kinds = {line["event.dataset"] for line in lines}
    assert kinds == {"extract.span", "extract.log", "extract.gateway"}
    wrong = {f"{said} ({line['message']})" for line in lines for said in problems(line)}
    assert sorted(wrong) == []
    spans = [line for line in lines if line["event.dataset"] == "extract.span"]
    assert {line["service.name"] for line in spans} >= {
        "home", "identity", "product", "payment", "invoice", "receipt"
    }  # fmt: skip
    assert all(line["service.node.name"] and line["service.version"] for line in spans)
    stacks = [line for line in lines if "error.stack_trace" in line]
    assert any("Planted: this instance is broken" in line["error.stack_trace"] for line in stacks)


def _lines(scene: Scene) -> Iterator[dict[str, Any]]:
    for path in scene.fleet.logs.iterdir():
        for text in path.read_text(errors="replace").splitlines():
            if text.startswith("{"):
                yield json.loads(text)
