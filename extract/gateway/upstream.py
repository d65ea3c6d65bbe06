"""The gateway as an instance sees it: what it says of clients, and what is not for this process.

In the monolith, which has no gateway, the middlewares only drop what claims to come from one.
"""

from __future__ import annotations

import functools
import ipaddress
import re
import threading
from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from extract.edge import Problem, Unavailable, problem_response
from extract.trust import HOME, IDENTITY, own_trust

Answer = Callable[[HttpRequest], HttpResponseBase]

IDENTITY_PREFIX = "/identity/"

_PASS = "HTTP_X_GATEWAY_PASS"
_WITH_PORT = re.compile(r"^(?:([0-9.]+)|\[([0-9a-fA-F:.]+)\])(?::\d+)?\Z")


class Misdirected(Problem):
    """This process does not serve what was asked for."""

    status, type = 421, "misdirected-request"


class ForwardedMiddleware:
    """Takes the client's address and scheme from ``X-Forwarded-For`` and ``-Proto`` where a valid
    pass says that the gateway wrote them, or in the monolith one of ``TRUSTED_PROXIES``. Without a
    word of theirs the scheme is ``BASE_SCHEME``, if the shop has one. Whether believed or not,
    neither they nor anything else by such a name is there afterwards. Comes first.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        shown = meta.pop(_PASS, "")
        said = {name: meta.pop(name) for name in list(meta) if _is_forwarded(name)}
        vouched = bool(settings.EXTRACT_ROLE and shown and own_trust().verify_pass(shown))
        request.is_from_gateway = vouched  # type: ignore[attr-defined]
        meta["wsgi.url_scheme"] = settings.BASE_SCHEME or meta["wsgi.url_scheme"]
        if vouched:
            address = said.get("HTTP_X_FORWARDED_FOR", "")
        elif not settings.EXTRACT_ROLE and _is_trusted(meta.get("REMOTE_ADDR", "")):
            address = _client_in(said.get("HTTP_X_FORWARDED_FOR", ""))
        else:
            return self.get_response(request)
        if _is_address(address):
            meta["REMOTE_ADDR"] = address
        if (scheme := said.get("HTTP_X_FORWARDED_PROTO", "").lower()) in ("http", "https"):
            meta["wsgi.url_scheme"] = scheme
        return self.get_response(request)


class ServedHereMiddleware:
    """421 for what this role does not serve; at home, 503 for more than ``EXTRACT_HOME_CAP``
    requests of one app at a time, so that no app takes all of home.

    An app's prefixes are in ``EXTRACT_ROUTES``, those that every role answers in
    ``EXTRACT_EVERYWHERE``; all else is home's.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self._free = {
            route.app: threading.BoundedSemaphore(settings.EXTRACT_HOME_CAP)
            for route in settings.EXTRACT_ROUTES
        }

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        role = settings.EXTRACT_ROLE
        if not role or request.path_info.startswith(settings.EXTRACT_EVERYWHERE):
            return self.get_response(request)
        app = app_of(request.path_info)
        if not _serves(role, app, request.path_info):
            return problem_response(Misdirected())
        if role != HOME or not app:
            return self.get_response(request)
        if not self._free[app].acquire(blocking=False):
            return problem_response(Unavailable(headers={"Retry-After": "1"}))
        try:
            return self.get_response(request)
        finally:
            self._free[app].release()


def gateway_only(view: Callable[[HttpRequest], HttpResponse]) -> Answer:
    """The view for the gateway; for everybody else it is not there."""

    @functools.wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not getattr(request, "is_from_gateway", False):
            raise Http404
        return view(request)

    return guarded


def app_of(path: str) -> str:
    """The app whose path it is, or ""."""
    return next((r.app for r in settings.EXTRACT_ROUTES if path.startswith(r.prefixes)), "")


def _serves(role: str, app: str, path: str) -> bool:
    if path.startswith(IDENTITY_PREFIX):
        return role == IDENTITY
    return app in settings.EXTRACT_APPS if app else role == HOME


def _is_forwarded(name: str) -> bool:
    return name.startswith("HTTP_X_FORWARDED_") or name == "HTTP_FORWARDED"


def _client_in(forwarded_for: str) -> str:
    """The right-most address that is no trusted proxy's: what stands before it anybody may say. As
    nginx reads it: beyond what is no address nothing is believed."""
    client = ""
    for hop in reversed(forwarded_for.split(",")):
        address = _WITH_PORT.sub(r"\1\2", hop.strip())
        if not _is_address(address):
            break
        client = address
        if not _is_trusted(address):
            break
    return client


def _is_trusted(address: str) -> bool:
    if not settings.TRUSTED_PROXIES or not _is_address(address):
        return False
    found = ipaddress.ip_address(address)
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in network for network in settings.TRUSTED_PROXIES)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
