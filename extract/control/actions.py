"""What an operator can do. Each asks first, on a page of its own; done by POST, it is recorded."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from extract.control import audit
from extract.control.access import INSTANCES, QUEUES, needing
from extract.control.scaling import NotScaled, scale_fleet
from extract.control.world import forget
from extract.data import DataError, open_apps
from extract.event import letters as event_letters
from extract.event import pause as event_pause
from extract.fleet.plan import MOST, NoSuchPlan, check_role, number
from extract.registry import RegistryDown
from extract.registry import drain as registry_drain
from extract.registry.overview import Overview, Seen, overview
from extract.registry.process import NoRegistry, open_registry
from extract.trust import HOME, IDENTITY

PAGE = "extract_control:page"
asking = require_http_methods(["GET", "HEAD", "POST"])


class NotDone(Exception):
    """The message says why."""


def _ask_or_do(
    request: HttpRequest,
    *,
    action: str,
    what: str,
    title: str,
    question: str,
    do: Callable[[], str],
    warning: str = "",
    count: int | None = None,
    least: int = 0,
) -> HttpResponse:
    """The page that asks; after a POST, back to the control page with what ``do`` said.

    ``do`` raises ``NotDone``. ``count``: a number is asked for as well, this one at first.
    """
    if request.method == "POST":
        try:
            said = do()
        except NotDone as error:
            messages.error(request, str(error))
        else:
            audit.record(request, action, what, said)
            messages.success(request, said)
        forget()
        return redirect(PAGE)
    context = {
        **admin.site.each_context(request),
        "title": title,
        "question": question,
        "warning": warning,
        "count": count,
        "least": least,
        "most": MOST,
    }
    return TemplateResponse(request, "extract/control/confirm.html", context)


@needing(INSTANCES)
@asking
def drain(request: HttpRequest, id: str) -> HttpResponse:
    seen = overview()
    instance = _instance(seen, id)
    name = f"{instance.app}/{id}" if instance else id

    def do() -> str:
        is_news = registry_drain.drain(id, by=request.user.get_username())
        return _pushed(f"{name} is drained." if is_news else f"{name} was drained before.")

    return _ask_or_do(
        request,
        action="drain",
        what=name,
        title=f"Drain {name}",
        question="It gets no new work then, and finishes what it is at. Enable it to go on.",
        warning=_left_without(seen, instance),
        do=do,
    )


@needing(INSTANCES)
@asking
def enable(request: HttpRequest, id: str) -> HttpResponse:
    def do() -> str:
        was_drained = registry_drain.enable(id)
        return _pushed(f"{id} is enabled." if was_drained else f"{id} was not drained.")

    return _ask_or_do(
        request,
        action="enable",
        what=id,
        title=f"Enable {id}",
        question="It gets work again, like the others.",
        do=do,
    )


@needing(INSTANCES)
@asking
def scale(request: HttpRequest, app: str) -> HttpResponse:
    try:
        check_role(app)
    except NoSuchPlan as error:
        raise Http404(str(error)) from error
    least = 1 if app in (HOME, IDENTITY) else 0

    def do() -> str:
        try:
            count = number(request.POST.get("count", ""))
            if count < least:
                raise NotDone(f"Without {app} this page would not be there either.")
            return scale_fleet(app, count)
        except (NoSuchPlan, NotScaled) as error:
            raise NotDone(str(error)) from error

    return _ask_or_do(
        request,
        action="scale",
        what=app,
        title=f"Scale {app}",
        question="New instances take on work once they are ready; those that are too many finish "
        "what they are at. With none, home serves the app.",
        count=sum(each.app == app for each in overview().instances),
        least=least,
        do=do,
    )


@needing(QUEUES)
@asking
def pause(request: HttpRequest, app: str) -> HttpResponse:
    _check_queue(app)

    def do() -> str:
        with _data_errors():
            is_new = event_pause.pause(app, by=request.user.get_username())
        return f"The queue of {app} {'is paused' if is_new else 'was paused before'}."

    return _ask_or_do(
        request,
        action="pause",
        what=app,
        title=f"Pause the queue of {app}",
        question="Events still arrive and wait; what has begun is finished, and nothing is lost.",
        do=do,
    )


@needing(QUEUES)
@asking
def resume(request: HttpRequest, app: str) -> HttpResponse:
    _check_queue(app)

    def do() -> str:
        with _data_errors():
            was_paused = event_pause.resume(app)
        return f"The queue of {app} {'goes on' if was_paused else 'was not paused'}."

    return _ask_or_do(
        request,
        action="resume",
        what=app,
        title=f"Resume the queue of {app}",
        question="What waits is handled now, in order.",
        do=do,
    )


@needing(QUEUES)
@asking
def retry(request: HttpRequest, app: str, event: UUID) -> HttpResponse:
    question = "It is tried anew, as often as any event; what waits behind it goes on after it."
    return _decide(request, app, event, "retry", question)


@needing(QUEUES)
@asking
def discard(request: HttpRequest, app: str, event: UUID) -> HttpResponse:
    question = "It takes no effect then, and what waits behind it goes on. It cannot be undone."
    return _decide(request, app, event, "discard", question)


def _decide(request: HttpRequest, app: str, event: UUID, verb: str, question: str) -> HttpResponse:
    _check_queue(app)
    decide = getattr(event_letters, verb)

    def do() -> str:
        with _data_errors():
            decided = decide(app, [event], by=request.user.get_username())
        if not decided:
            raise NotDone(f"The event {event} of {app} is no dead letter (any more).")
        verdict = decided[0]
        return f"{verdict.decision.capitalize()}: {verdict.type} of {verdict.aggregate}."

    return _ask_or_do(
        request,
        action=verb,
        what=f"{app}/{event}",
        title=f"{verb.capitalize()} a dead letter of {app}",
        question=question,
        do=do,
    )


def _instance(seen: Overview, id: str) -> Seen | None:
    """None while the registry is away: then the operator's word is taken."""
    for each in (*seen.instances, *seen.workers):
        if each.id == id:
            return each
    if seen.registry.url and not seen.registry.reachable:
        return None
    raise Http404(f"There is no instance {id}.")


def _left_without(seen: Overview, instance: Seen | None) -> str:
    """What draining the instance would leave the app without."""
    if instance is None:
        return "The registry does not answer: whether there is such an instance cannot be told."
    placed = seen.apps.get(instance.app)
    up = [each for each in seen.instances if each.app == instance.app and each.health == "up"]
    if [each.id for each in up] != [instance.id]:
        return ""
    if instance.app in (HOME, IDENTITY):
        return f"It is the only instance of {instance.app} that is up: this page needs it as well."
    return f"It is the only instance of {instance.app} that is up." if placed else ""


def _pushed(said: str) -> str:
    try:
        registry = open_registry()
    except NoRegistry as error:
        raise NotDone(str(error)) from error
    try:
        registry_drain.push(registry)
    except RegistryDown:
        return f"{said} It takes effect when the registry is back."
    finally:
        registry.close()
    return said


def _check_queue(app: str) -> None:
    if app not in open_apps():
        raise Http404(f"The queue of {app} cannot be reached from here.")


@contextlib.contextmanager
def _data_errors() -> Any:
    try:
        yield
    except DataError as error:
        raise NotDone(str(error)) from error
