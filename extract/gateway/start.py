"""``start.py NGINX CONF``: becomes nginx, over the socket that a killed one may have left.

A file to run, not a module to import: it needs neither Django nor the project.
"""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    nginx, conf = sys.argv[1:]
    directory = Path(conf).parent
    (directory / "table.sock").unlink(missing_ok=True)
    os.execv(nginx, [nginx, "-c", conf, "-p", str(directory), "-e", str(directory / "error.log")])
