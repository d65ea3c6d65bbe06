"""What can go wrong at the door of an app's data.

DataError
├── NotMigrated      the app's alias has no ownership row yet
├── OwnedElsewhere   another database owns the app's rows
└── OutsideDoor      a write that did not come through ``owned(app)``
"""


class DataError(Exception):
    """Base of everything the data room raises."""


class NotMigrated(DataError):
    """The app's database has no ownership row, so nothing may be written there."""

    def __init__(self, app: str) -> None:
        super().__init__(
            f"The database of {app!r} has no ownership row; run 'manage.py migrate' and try again."
        )


class OwnedElsewhere(DataError):
    """Another database owns the app's rows: nothing was written here."""

    def __init__(self, app: str, epoch: int) -> None:
        super().__init__(
            f"The rows of {app!r} have belonged to another database since epoch {epoch}; "
            f"nothing was written. Point {app.upper()}_DATABASE_URL at the owner."
        )
        self.app = app
        self.epoch = epoch


class OutsideDoor(DataError):
    """A write reached an app's alias without passing ``owned(app)``."""

    def __init__(self, app: str, model: str) -> None:
        super().__init__(
            f"{model} was about to be written outside owned({app!r}); "
            f"wrap the write in 'with owned({app!r}):'."
        )
