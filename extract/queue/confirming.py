"""What has arrived in a subscriber's inbox: looked up here, or asked of an instance of it."""

from __future__ import annotations

import random
from collections.abc import Collection
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from uuid import UUID

import msgspec
from django.conf import settings

from extract.data import is_open
from extract.event.transport import Away, recorded_here
from extract.registry import Instance, current_view
from extract.registry.confirm import split_address
from extract.trust import Answered, InternalRequest, internal, own_trust

PREFIX = "/internal/inbox/"
PATIENCE = 2.0
"""Seconds that an instance has to answer."""


def confirmed(subscriber: str, event_ids: Collection[UUID]) -> set[UUID]:
    """Those of ``event_ids`` that the inbox of ``subscriber`` has. Raises ``Away``."""
    if is_open(subscriber):
        return recorded_here(subscriber, event_ids)
    view = current_view()
    instances = view.serving(subscriber) if view else ()
    if not instances:
        raise Away(f"no instance serves {subscriber}, which alone can say what has arrived")
    return _ask(random.choice(instances), subscriber, event_ids)


@internal("inbox")
def answer(request: InternalRequest) -> Answered:
    """``POST /internal/inbox/<app>/`` with event ids as a JSON list: those that have arrived."""
    app = request.rest.strip("/")
    if app not in settings.EXTRACT_APPS:
        return Answered(HTTPStatus.MISDIRECTED_REQUEST)
    try:
        event_ids = msgspec.json.decode(request.body, type=list[UUID])
        found = recorded_here(app, event_ids)
    except msgspec.MsgspecError:
        return Answered(HTTPStatus.BAD_REQUEST)
    except Away:
        return Answered(HTTPStatus.SERVICE_UNAVAILABLE)
    return Answered(HTTPStatus.OK, msgspec.json.encode(found))


def _ask(instance: Instance, app: str, event_ids: Collection[UUID]) -> set[UUID]:
    path, body = f"{PREFIX}{app}/", msgspec.json.encode(list(event_ids))
    headers = own_trust().sign(instance.name, "POST", path, {}, body)
    try:
        host, port = split_address(instance.address)
    except OSError as error:
        raise Away(f"{instance.name} cannot be asked what has arrived: {error}") from error
    connection = HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("POST", path, body, {**headers, "Connection": "close"})
        response = connection.getresponse()
        answered = response.read()
        if response.status != HTTPStatus.OK:
            raise Away(f"{instance.name} answered {response.status} when asked what has arrived")
        return msgspec.json.decode(answered, type=set[UUID])
    except (OSError, HTTPException, msgspec.MsgspecError) as error:
        raise Away(f"{instance.name} does not say what has arrived: {error!r}") from error
    finally:
        connection.close()
