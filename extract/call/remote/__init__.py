"""Calls between processes: over pooled HTTP to whichever instance serves the app."""

from extract.call.remote.binding import Placed, install, installed
from extract.call.remote.serving import fingerprints_served, read_tokens_by

__all__ = ["Placed", "fingerprints_served", "install", "installed", "read_tokens_by"]
