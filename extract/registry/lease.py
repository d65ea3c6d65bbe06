"""How long an announcement holds, and how long the registry remembers one."""

HEARTBEAT = 0.5
"""Seconds between two announcements of an instance."""
LEASE = 2.0
"""Seconds for which an announcement holds, on the registry's own clock."""
SILENT_FOR = 2 * LEASE
"""Seconds after the end of its lease for which an instance must have been silent to count as gone
where nothing refuses at its address."""
DOUBT = LEASE
"""Seconds for which the registry remembers who finds an instance silent, unless told again."""
REMEMBERED = 60.0
"""Seconds for which the registry remembers who withdrew."""
FORGOTTEN = 300.0
"""Seconds after which it drops a record whose lease ran out."""
