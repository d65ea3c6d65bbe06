"""Whether two versions of an app's contract may serve each other, by what they look like."""

from extract.call.compatible.contracts import Description, incompatibilities

__all__ = ["Description", "incompatibilities"]
