"""How long an announcement holds, and how long the registry remembers one."""

HEARTBEAT = 0.5
"""Seconds between two announcements of an instance."""
LEASE = 2.0
"""Seconds for which an announcement holds, on the registry's own clock."""
REMEMBERED = 60.0
"""Seconds for which the registry remembers who withdrew."""
FORGOTTEN = 300.0
"""Seconds after which it drops a record whose lease ran out."""
