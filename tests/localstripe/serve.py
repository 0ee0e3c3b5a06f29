"""Serves localstripe on a free port of 127.0.0.1, writes nothing to disk, and ends when its standard input does.

Prints the port. localstripe's own command would listen on every address and keep its data in /tmp.
"""

import os
import socket
import sys
import threading

from aiohttp import web
from localstripe import resources, server


def end_with_the_parent():
    sys.stdin.buffer.read()
    os._exit(0)


resources.Store.dump_to_disk = lambda store: None
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.bind(("127.0.0.1", 0))
threading.Thread(target=end_with_the_parent, daemon=True).start()
print(listener.getsockname()[1], flush=True)
web.run_app(server.app, sock=listener, print=None, access_log=None)
