"""gunicorn's configuration for ``echo`` with two threads, forty places and little patience."""

import os

from extract.listener import deadlines

deadlines.HEAD_SECONDS = deadlines.BODY_SECONDS = deadlines.SEND_SECONDS = 1.0
deadlines.SLOWEST = 10

bind = f"127.0.0.1:{os.environ['PORT']}"
worker_class = "extract.listener.buffering.BufferingWorker"
worker_connections = 40
threads = 2
control_socket_disable = True
