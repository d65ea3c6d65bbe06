"""Which queue an app's messages go to: its own workers', or home's."""

from __future__ import annotations

from collections.abc import Iterable

from extract.registry import Kind, current_view
from extract.trust import HOME


def queue_of(app: str) -> str:
    """The queue for ``app`` now, by the one rule of placement: its own while workers of its own
    are there, else home's if it may come home. Without a registry everything is at home."""
    view = current_view()
    if view is None:
        return home_queue(app)
    if any(worker.role == app for worker in view.serving(app, kind=Kind.WORKER)):
        return own_queue(app)
    return home_queue(app) if view.may_come_home(app) else own_queue(app)


def queues_of(role: str, apps: Iterable[str]) -> tuple[str, ...]:
    """The queues that a worker of ``role``, which serves ``apps``, empties."""
    return tuple(home_queue(app) if role in ("", HOME) else own_queue(app) for app in apps)


def own_queue(app: str) -> str:
    return app


def home_queue(app: str) -> str:
    return f"home.{app}"
