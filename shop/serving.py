"""How gunicorn serves the shop: one process, threads, nothing believed from outside.

``gunicorn -c python:shop.serving shop.wsgi``; an instance takes its address, and does without
gunicorn's master, by itself.
"""

import os
from pathlib import Path
from typing import Any

from extract.observe import logging_config
from shop.databases import SERVING_THREADS
from shop.environment import read_environment

# Here, in the master: a worker that ends over a mistake would be replaced for ever.
read_environment()

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
workers = 1
worker_class = "extract.listener.buffering.BufferingWorker"
threads = SERVING_THREADS
# The background worker's thread and the database pools would not survive a fork.
preload_app = False
timeout = 60
graceful_timeout = 30
# Longer than the gateway and other instances keep an idle connection.
keepalive = 15

header_map = "drop"
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""

control_socket_disable = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
logconfig_dict: dict[str, Any] = logging_config(service=os.environ.get("EXTRACT_ROLE") or "shop")
