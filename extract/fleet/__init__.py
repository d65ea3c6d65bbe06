"""Processes on one machine: serving as an instance, and keeping as many of them as wanted."""
