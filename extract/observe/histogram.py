"""How long things took, in buckets that grow with what they hold: four for each doubling.

A quantile is right to within an eighth, from microseconds to hours.
"""

from __future__ import annotations

from collections.abc import Mapping

UNIT_BITS = 10
"""The unit is 1024 ns, about a microsecond."""


def bucket_of(duration: int) -> int:
    """The bucket of a duration in nanoseconds."""
    units = max(duration, 0) >> UNIT_BITS
    bits = units.bit_length()
    return units if bits < 3 else bits << 2 | (units >> bits - 3 & 3)


def middle_of(bucket: int) -> float:
    """Seconds in the middle of the bucket."""
    bits = bucket >> 2
    low, width = (bucket, 1) if bits < 3 else ((4 | bucket & 3) << bits - 3, 1 << bits - 3)
    return (low + width / 2) * (1 << UNIT_BITS) / 1e9


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """Seconds within which that share of all was done; None if there was nothing."""
    left = sum(counts.values()) * share
    for bucket in sorted(counts):
        left -= counts[bucket]
        if left <= 0:
            return middle_of(bucket)
    return None
