"""What sockets have in common: those of probes, and of servers that start."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final

_SO_RCVBUFFORCE: Final = 33  # asm-generic/socket.h; beyond net.core.rmem_max, for root
_SIZE: Final = 1 << 24


def take_much(sock: socket.socket) -> None:
    """Let a socket keep what comes while its reader waits for a core: seconds of it, not 0.2."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _SIZE)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SIZE)


def answers(path: Path) -> bool:
    """Whether somebody takes connections there: a socket is to be seen a moment before that."""
    with socket.socket(socket.AF_UNIX) as sock:
        return sock.connect_ex(str(path)) == 0


def packets_of(device: str, kind: socket.SocketKind, protocol: int) -> socket.socket:
    """A packet socket (packet(7)) that receives an Ethernet protocol by one device, by no other.

    Made with a protocol, it would receive by every device until it is bound.
    """
    sock = socket.socket(socket.AF_PACKET, kind, 0)
    try:
        sock.bind((device, protocol))
    except OSError:
        sock.close()
        raise
    return sock
