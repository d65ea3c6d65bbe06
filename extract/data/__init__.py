"""Where rows live: one database alias per app, one router, one door for writes."""

from extract.data.aliases import alias_of, app_aliases, is_open, open_apps
from extract.data.door import (
    door_is_open,
    in_any_transaction,
    let_go_of_connections,
    owned,
    unguarded,
)
from extract.data.errors import DataError, NotMigrated, OutsideDoor, OwnedElsewhere

__all__ = [
    "DataError",
    "NotMigrated",
    "OutsideDoor",
    "OwnedElsewhere",
    "alias_of",
    "app_aliases",
    "door_is_open",
    "in_any_transaction",
    "is_open",
    "let_go_of_connections",
    "open_apps",
    "owned",
    "unguarded",
]
