"""The real thing as a process: gunicorn with the shop's own configuration."""

from tests.serving.server import Server

__all__ = ["Server"]
