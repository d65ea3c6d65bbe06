"""``tied.py PID COMMAND …``: becomes the command, which is told to end when process PID does.

A file to run, not a module to import: it needs neither Django nor the project. Where the kernel
knows nothing of the kind (it is Linux' own), the command is on its own.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("The process that started this one has ended already.")
    os.execvp(command[0], command)
