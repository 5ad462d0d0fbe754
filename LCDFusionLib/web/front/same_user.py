"""Who is at the other end of a connection within this machine: Linux tells which user owns the socket."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from ipaddress import ip_address
from pathlib import Path

CAN_TELL = hasattr(os, "getuid") and Path("/proc/net/tcp").is_file()
"""False where the system does not tell; then nobody is taken for the same user."""

_TABLES = {socket.AF_INET: "/proc/net/tcp", socket.AF_INET6: "/proc/net/tcp6"}
_ESTABLISHED = "01"


def is_of_same_user(connection: socket.socket) -> bool:
    """True if the client is a program of the user who runs this process, on this machine.

    Args:
        connection: on the server's side.
    """
    if not CAN_TELL or connection.family not in _TABLES:
        return False
    with contextlib.suppress(OSError, ValueError, IndexError):
        client, server = (f"{_hexadecimal(host)}:{port:04X}" for host, port, *_ in (connection.getpeername(), connection.getsockname()))
        for line in Path(_TABLES[socket.AddressFamily(connection.family)]).read_text(encoding="ascii").splitlines()[1:]:
            _, local, remote, state, _, _, _, user, *_ = line.split()
            if (local, remote, state) == (client, server, _ESTABLISHED):
                return int(user) == os.getuid()
    return False


def _hexadecimal(address: str) -> str:
    """As the kernel prints it: words of 32 bits in the machine's byte order."""
    packed = ip_address(address).packed
    return "".join(f"{word:08X}" for word in struct.unpack(f"={len(packed) // 4}I", packed))
