"""What is held about one subject, in any app's tables and in the layer's own: read, and erased.

This module has the values that cross contracts; ``rows`` and ``layer`` need Django's models.
"""

from __future__ import annotations

import msgspec

from extract.call import DeclaredError

__all__ = ["Held", "UnderWay"]


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Some rows of one ``table``, each a JSON object by the names of its columns.

    ``more`` is what to ask for next; "" if these are the last.
    """

    table: str = ""
    rows: tuple[str, ...] = ()
    more: str = ""


class UnderWay(DeclaredError):
    """In {app} there is work under way about the subject: {what}."""

    app: str
    what: str
