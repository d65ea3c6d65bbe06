"""What it costs to know who is asking: with Keycloak, with the embedded login, and as nobody.

Each fleet serves home's product pages through its gateway on this machine, Keycloak beside it, and
gets the same pages as a closed loop, with and without sessions, in turn.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count, cycle
from pathlib import Path

from tests.bench.measure import Figure, compare, in_turn
from tests.fleets import Fleet
from tests.keycloak.person import Person
from tests.keycloak.server import Keycloak, distribution
from tests.scenarios.over_http import HttpTransport

SESSIONS, FEW = 1000, 50
CONNECTIONS = 8
ROUNDS, SECONDS = 5, 6.0
RATE, STEADY_SECONDS = 100.0, 30.0
ADA = ("ada@example.com", "customer-demo")


def run() -> list[Figure]:
    figures = [_verification()]
    home = distribution()
    if home is None:
        print("KEYCLOAK_HOME names no Keycloak: its figures are left out.", file=sys.stderr)
        return figures
    with ExitStack() as stack:
        embedded, keyed = _fleet(stack), _fleet(stack)
        keycloak = Keycloak(home, keyed.base_url, 1025)
        stack.callback(keycloak.remove)
        keyed.env |= keycloak.env
        for fleet in (embedded, keyed):
            fleet.start("home=1", "identity=1", "payment=1")
        by_keycloak = _signed_in(keyed, SESSIONS)
        by_password = _made(embedded, SESSIONS)
        for number in (FEW, SESSIONS):
            figures += [
                _compared(f"Keycloak, {number} sessions", keyed, by_keycloak[:number]),
                _compared(f"embedded login, {number} sessions", embedded, by_password[:number]),
            ]
        return [*figures, *_asked(keyed, keycloak, by_keycloak[:FEW])]


def _verification() -> Figure:
    from extract.identity import Identity, Source, Verifier
    from extract.identity.identity_header import mint_token
    from extract.identity.keyring import keyring

    key = keyring().signing_key()
    identity = Identity(subject="0b6f1d1e-6c53-4a5b-9e0c-8d0e5a1a0001", roles=("customer",))
    known = Verifier(lambda: {key.kid: key.jwk})
    token = mint_token(identity, Source.SESSION, key)
    tokens = cycle([mint_token(identity, Source.SESSION, key) for _ in range(200)])
    forgetful = Verifier(lambda: {key.kid: key.jwk}, kept=1)
    return compare(
        "an identity verified at a hop, for the first time",
        lambda: forgetful.verify(next(tokens)),
        "the same again",
        lambda: known.verify(token),
        rounds=9, times=400, note="goal: 100 µs a hop",
    )  # fmt: skip


def _fleet(stack: ExitStack) -> Fleet:
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shop-sign-in-")))
    directory.chmod(0o700)
    fleet = Fleet(directory, {"ALLOWED_HOSTS": ""})
    stack.callback(fleet.stop)
    return fleet


def _signed_in(fleet: Fleet, number: int) -> list[str]:
    """Sessions by the code flow; the password is typed once, then Keycloak knows the browser."""
    first = Person()
    first.sign_in(fleet.base_url, *ADA)
    there = {host: kept for host, kept in first.cookies.items() if host not in fleet.base_url}

    def one(_: int) -> str:
        person = Person()
        person.cookies = {host: dict(kept) for host, kept in there.items()}
        page = person.get(f"{fleet.base_url}/accounts/login/")
        assert page.status == 200, page.url
        return person.cookie(fleet.base_url)

    with ThreadPoolExecutor(4) as at_once:
        return list(at_once.map(one, range(number)))


def _made(fleet: Fleet, number: int) -> list[str]:
    """As many of the embedded login, made as Django makes them."""
    made = (
        "from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY\n"
        "from django.contrib.sessions.backends.db import SessionStore\n"
        "from shop.accounts.models import User\n"
        "from shop.accounts.views import BACKEND\n"
        f"user = User.objects.get(email={ADA[0]!r})\n"
        f"for _ in range({number}):\n"
        "    session = SessionStore()\n"
        "    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), BACKEND\n"
        "    session[HASH_SESSION_KEY] = user.get_session_auth_hash()\n"
        "    session.save()\n"
        "    print(session.session_key)\n"
    )
    done = fleet.manage("shell", "-v0", "-c", made)
    return done.stdout.split()[-number:]


def _compared(name: str, fleet: Fleet, sessions: Sequence[str]) -> Figure:
    _rate(fleet, sessions), _rate(fleet, [""])
    pairs = in_turn(lambda: _rate(fleet, sessions), lambda: _rate(fleet, [""]), ROUNDS)
    ratios = [ours / anonymous for ours, anonymous in pairs]
    return Figure(
        name=f"pages a second, {name}",
        value=statistics.median(ours for ours, _ in pairs),
        unit="1/s",
        n=sum(round((ours + anonymous) * SECONDS) for ours, anonymous in pairs),
        against="the same pages, anonymous",
        baseline=statistics.median(anonymous for _, anonymous in pairs),
        ratio=statistics.median(ratios),
        spread=(min(ratios), max(ratios)),
        note="goal ≥ 0.9" if "Keycloak" in name else "",
    )


def _rate(fleet: Fleet, sessions: Sequence[str]) -> float:
    """Pages a second of a closed loop, the sessions in turn."""
    until, turns, lock = time.monotonic() + SECONDS, _turns(sessions), threading.Lock()

    def client(_: int) -> int:
        transport, done = HttpTransport(fleet.base_url), 0
        while time.monotonic() < until:
            with lock:
                path, headers = next(turns)
            answer = transport.send("GET", path, headers=headers, body=b"")
            assert answer.status == 200, (path, answer.status)
            done += 1
        transport.close()
        return done

    with ThreadPoolExecutor(CONNECTIONS) as clients:
        return sum(clients.map(client, range(CONNECTIONS))) / SECONDS


def _turns(sessions: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    for number in count():
        session = sessions[number % len(sessions)]
        headers = {"Cookie": f"sessionid={session}"} if session else {}
        yield f"/products/?page={number % 3 + 1}", headers


def _asked(fleet: Fleet, keycloak: Keycloak, sessions: Sequence[str]) -> list[Figure]:
    """Requests to Keycloak while people ask at a steady rate."""
    turns, before = _turns(sessions), keycloak.way.requests
    began, due, sent = time.monotonic(), 0.0, []

    def one(path: str, headers: dict[str, str]) -> int:
        transport = HttpTransport(fleet.base_url)
        answer = transport.send("GET", path, headers=headers, body=b"")
        transport.close()
        return answer.status

    with ThreadPoolExecutor(16) as clients:
        while due < STEADY_SECONDS:
            time.sleep(max(0.0, began + due - time.monotonic()))
            sent.append(clients.submit(one, *next(turns)))
            due += 1 / RATE
        assert {each.result() for each in sent} == {200}
    asked = keycloak.way.requests - before
    return [
        Figure(
            name=f"requests to Keycloak per 1,000, {RATE:g}/s by {len(sessions)} people",
            value=asked / len(sent) * 1000,
            unit="",
            n=len(sent),
            note=f"each credential every {3:g} s at most: {len(sessions) / 3 / RATE * 1000:.0f}",
        )
    ]
