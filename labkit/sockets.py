"""What sockets of probes have in common."""

from __future__ import annotations

import socket
from typing import Final

_SO_RCVBUFFORCE: Final = 33  # asm-generic/socket.h; beyond net.core.rmem_max, for root
_SIZE: Final = 1 << 24


def take_much(sock: socket.socket) -> None:
    """Let a socket keep what comes while its reader waits for a core: seconds of it, not 0.2."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _SIZE)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SIZE)
