"""What an instance believes of the gateway, and what it does not serve."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from extract.gateway.upstream import ForwardedMiddleware, ServedHereMiddleware
from extract.trust import RoleKeys, Trust, own_trust
from shop.routes import APP_LABELS

KEYS = {role: RoleKeys(role, f"the secret of {role}") for role in ("gateway", "product", "payment")}
PUBLIC = {role: keys.public for role, keys in KEYS.items()}
GATEWAY, PAYMENT = (Trust(KEYS[role], "one", PUBLIC) for role in ("gateway", "payment"))


@pytest.fixture
def product(settings: Any) -> Iterator[None]:
    """This process is an instance of product."""
    settings.EXTRACT_ROLE = "product"
    settings.EXTRACT_APPS = ("product",)
    settings.EXTRACT_ROLE_SECRETS = {"product": "the secret of product"}
    settings.EXTRACT_PUBLIC_KEYS = {role: str(public) for role, public in PUBLIC.items()}
    own_trust.cache_clear()
    yield
    own_trust.cache_clear()


def seen(rf: RequestFactory, **headers: str) -> HttpRequest:
    """The request as it comes out of the middleware."""
    passed: list[HttpRequest] = []

    def inner(request: HttpRequest) -> HttpResponse:
        passed.append(request)
        return HttpResponse()

    names = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    ForwardedMiddleware(inner)(rf.get("/", REMOTE_ADDR="127.0.0.9", **names))
    return passed[0]


CLAIMS = {"x_forwarded_for": "9.9.9.9", "x_forwarded_proto": "https"}


def test_under_the_gateways_pass_its_word_counts(rf: RequestFactory, product: None) -> None:
    request = seen(rf, x_gateway_pass=GATEWAY.pass_for("product"), **CLAIMS)
    assert (request.META["REMOTE_ADDR"], request.scheme) == ("9.9.9.9", "https")
    assert request.is_secure()


@pytest.mark.parametrize(
    "shown",
    [
        "", "forged", "é", GATEWAY.pass_for("payment"), PAYMENT.pass_for("product"),
        GATEWAY.pass_for("product") + "0",
    ],
)  # fmt: skip
def test_without_it_nothing_does(rf: RequestFactory, product: None, shown: str) -> None:
    request = seen(rf, x_gateway_pass=shown, **CLAIMS)
    assert (request.META["REMOTE_ADDR"], request.scheme) == ("127.0.0.9", "http")


@pytest.mark.parametrize(
    ("claim", "word"),
    [
        ("x_forwarded_for", "9.9.9.9, 8.8.8.8"), ("x_forwarded_for", "x"), ("x_forwarded_for", ""),
        ("x_forwarded_proto", "javascript"), ("x_forwarded_proto", ""),
    ],
)  # fmt: skip
def test_not_even_the_gateway_can_say_nonsense(
    rf: RequestFactory, product: None, claim: str, word: str
) -> None:
    request = seen(rf, x_gateway_pass=GATEWAY.pass_for("product"), **{claim: word})
    assert (request.META["REMOTE_ADDR"], request.scheme) == ("127.0.0.9", "http")


@pytest.mark.parametrize("role", ["", "product"])
@pytest.mark.parametrize("shown", ["forged", GATEWAY.pass_for("product")])
def test_believed_or_not_it_is_gone_afterwards(
    rf: RequestFactory, product: None, settings: Any, role: str, shown: str
) -> None:
    settings.EXTRACT_ROLE = role
    names = (
        "x_forwarded_for", "x_forwarded_proto", "x_forwarded_host", "x_forwarded_port",
        "x_forwarded_anything", "forwarded",
    )  # fmt: skip
    request = seen(rf, x_gateway_pass=shown, host="testserver", **dict.fromkeys(names, "9.9.9.9"))
    assert "9.9.9.9" not in {v for k, v in request.META.items() if k != "REMOTE_ADDR"}
    assert not [name for name in request.META if "FORWARDED" in name or "PASS" in name]
    assert request.get_host() == "testserver"


def test_the_monolith_believes_nobody(rf: RequestFactory) -> None:
    request = seen(rf, x_gateway_pass=GATEWAY.pass_for("product"), **CLAIMS)
    assert (request.META["REMOTE_ADDR"], request.scheme) == ("127.0.0.9", "http")


@pytest.mark.parametrize(
    ("role", "served", "refused"),
    [
        ("", ["/", "/products/", "/api/carts/", "/admin/", "/health/live/"], []),
        ("home", ["/", "/products/", "/api/carts/", "/admin/", "/health/live/"], ["/identity/"]),
        (
            "product",
            ["/products/", "/api/products/x/", "/health/ready/"],
            ["/", "/cart/", "/api/carts/", "/admin/", "/api/schema/", "/identity/", "/productsx"],
        ),
        ("payment", ["/cart/", "/orders/"], ["/products/", "/accounts/login/"]),
        ("identity", ["/identity/", "/health/live/"], ["/", "/products/", "/accounts/login/"]),
    ],
)
def test_a_role_serves_its_own_and_nothing_else(
    rf: RequestFactory, settings: Any, role: str, served: list[str], refused: list[str]
) -> None:
    everything = APP_LABELS
    settings.EXTRACT_ROLE = role
    settings.EXTRACT_APPS = {"": everything, "home": everything, "identity": ()}.get(role, (role,))
    middleware = ServedHereMiddleware(lambda _: HttpResponse())
    assert [middleware(rf.get(path)).status_code for path in served] == [200] * len(served)
    answers = [middleware(rf.get(path)) for path in refused]
    assert [each.status_code for each in answers] == [421] * len(refused)
    assert {each["Content-Type"] for each in answers} <= {"application/problem+json"}


@pytest.fixture
def home(settings: Any) -> None:
    settings.EXTRACT_ROLE = "home"
    settings.EXTRACT_HOME_CAP = 3


def test_home_takes_only_so_much_of_one_app_at_a_time(
    rf: RequestFactory, home: None, together: Callable[..., list[Any]]
) -> None:
    inside, leave = threading.Barrier(4), threading.Event()

    def slow(request: HttpRequest) -> HttpResponse:
        if request.path == "/cart/":
            inside.wait(10)
            leave.wait(10)
        return HttpResponse()

    middleware = ServedHereMiddleware(slow)
    threads = [threading.Thread(target=middleware, args=(rf.get("/cart/"),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    inside.wait(10)
    full = middleware(rf.get("/api/carts/"))
    assert (full.status_code, full["Retry-After"]) == (503, "1")
    assert full["Content-Type"] == "application/problem+json"
    assert [middleware(rf.get(path)).status_code for path in ("/products/", "/")] == [200, 200]
    leave.set()
    for thread in threads:
        thread.join()
    assert middleware(rf.get("/api/carts/")).status_code == 200


def test_a_view_that_breaks_gives_its_place_back(rf: RequestFactory, home: None) -> None:
    def broken(request: HttpRequest) -> HttpResponse:
        raise RuntimeError("broken")

    middleware = ServedHereMiddleware(broken)
    for _ in range(4):
        with pytest.raises(RuntimeError):
            middleware(rf.get("/cart/"))


def test_an_app_on_its_own_has_no_cap(rf: RequestFactory, settings: Any) -> None:
    settings.EXTRACT_ROLE, settings.EXTRACT_APPS = "payment", ("payment",)
    settings.EXTRACT_HOME_CAP = 1
    depth: list[int] = []

    def nested(request: HttpRequest) -> HttpResponse:
        depth.append(1)
        return middleware(rf.get("/cart/")) if len(depth) < 5 else HttpResponse()  # type: ignore[return-value]

    middleware = ServedHereMiddleware(nested)
    assert middleware(rf.get("/cart/")).status_code == 200


def test_without_a_word_the_scheme_is_how_the_shop_is_reached(
    rf: RequestFactory, settings: Any
) -> None:
    settings.BASE_SCHEME = "https"
    assert seen(rf).is_secure()
    assert seen(rf, x_forwarded_proto="http").is_secure(), "nobody says that"
