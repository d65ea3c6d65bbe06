"""``lb://app/path``: the address of one instance, for code that speaks HTTP by itself."""

from __future__ import annotations

import random
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

from extract.registry.process import current_view


class NoInstance(Exception):
    """Nothing serves the app right now."""


def resolve(url: str) -> str:
    """``lb://product/api/products/`` → ``http://127.0.0.1:8123/api/products/``.

    Another instance each time, by weight. Where everything is one process, that one. Other URLs
    stay as they are. Raises ``NoInstance``.
    """
    parts = urlsplit(url)
    if parts.scheme != "lb":
        return url
    view = current_view()
    if view is None:
        here = urlsplit(settings.BASE_URL)
        return urlunsplit(parts._replace(scheme=here.scheme, netloc=here.netloc))
    instances = view.serving(parts.netloc)
    if not instances:
        raise NoInstance(f"No instance serves {parts.netloc}, and home may not; see 'status'.")
    weights = [instance.weight for instance in instances]
    chosen = random.choices(instances, weights if any(weights) else None)[0]
    return urlunsplit(parts._replace(scheme="http", netloc=chosen.address))
