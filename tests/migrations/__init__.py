"""Judges new migrations, for ``make check``: can the release before go on serving?

What may be in one release, and how to take the rest in steps: docs/how-to/release.md.
"""
