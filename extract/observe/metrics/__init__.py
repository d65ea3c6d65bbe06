"""Figures for Prometheus at ``/internal/metrics``, and at ``/internal/targets`` where to find them.

What happens in a process is counted as its spans end; what is so now, of the process and of the
databases, is read when somebody asks. Nothing is counted before ``start``.
"""

from extract.observe.metrics.start import start, start_in_worker

PREFIXES = ("metrics", "targets")
"""What is answered below ``/internal/``."""

__all__ = ["PREFIXES", "start", "start_in_worker"]
