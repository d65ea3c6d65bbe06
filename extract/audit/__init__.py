"""What must hold over all databases at any time, and the reading that finds where it does not."""

from extract.audit.reading import Broken, audit
from extract.audit.registry import Invariant, Row, invariant, invariants
from extract.audit.streams import by_key, side_by_side

__all__ = [
    "Broken",
    "Invariant",
    "Row",
    "audit",
    "by_key",
    "invariant",
    "invariants",
    "side_by_side",
]
