"""The catalogue's own kinds of problem."""

from extract.edge import Problem


class VersionRequired(Problem):
    """Say in If-Match which version you edit: the ETag of the product as you read it."""

    status, type, title = 428, "version-required", "Version required"


class VersionStale(Problem):
    """The product was edited since you read it: read it again and repeat your edit."""

    status, type, title = 412, "version-stale", "Version stale"
