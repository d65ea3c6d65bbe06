"""Where the way of something is shown, for other pages of the back office."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse


def way_of(id: str) -> str:
    """The path of the page: of a correlation id, or of whatever a trace can be found by."""
    return f"{reverse('extract_control:trace')}?{urlencode({'id': id})}"
