"""What this process is called among others."""

from django.conf import settings

HOME = "home"


def served_by() -> str:
    """``role/instance``; a process without a role is home to everything."""
    role = getattr(settings, "EXTRACT_ROLE", "") or HOME
    return f"{role}/{settings.EXTRACT_INSTANCE}"
