"""What this process is called among others."""

import os
import socket


def instance_name() -> str:
    """Host and process id: unique among the processes that share a network."""
    return f"{socket.gethostname()}-{os.getpid()}"
