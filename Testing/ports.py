"""Ports for servers that must be told theirs."""

import itertools
import os
import socket

# Below the ports that the system gives out by itself, so that nothing takes one before the server has it. Another process begins elsewhere.
_FIRST, _COUNT = 20_000, 12_000
_next = itertools.count(64 * os.getpid())


def free_port() -> int:
    """A port of the loopback interface that nothing listens on, another one at each call."""
    while True:
        port = _FIRST + next(_next) % _COUNT
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
