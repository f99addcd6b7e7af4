"""When packets arrive in an instance's namespace, by the kernel's own timestamps.

A thread that answers may be late; what counts for "nothing arrives any more" is when the packet
came to the device (socket(7), ``SO_TIMESTAMPNS``).
"""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from labkit.sockets import take_much

_ETH_P_IP: Final = 0x0800
_SO_TIMESTAMPNS: Final = 35  # asm-generic/socket.h
_PROTOCOLS: Final = {6: "tcp", 17: "udp"}
_POLL_S: Final = 0.1


@dataclass
class Arrivals:
    """IPv4 packets from an address: how many came for each ``protocol/port``, and the last when."""

    source: str

    def run(self, stop: threading.Event, ready: Callable[[], None]) -> dict[str, Any]:
        """Listen until stopped."""
        found: dict[str, dict[str, Any]] = {}
        source = socket.inet_aton(self.source)
        kind = socket.SOCK_DGRAM  # from the IP header on
        with socket.socket(socket.AF_PACKET, kind, socket.htons(_ETH_P_IP)) as sock:
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            take_much(sock)
            ready()
            while _readable(sock) or not stop.is_set():
                if not _readable(sock):
                    continue
                data, ancillary, _flags, address = sock.recvmsg(128, 256)
                if address[2] == socket.PACKET_OUTGOING or data[12:16] != source:
                    continue
                entry = found.setdefault(_what(data), {"count": 0})
                entry["count"] += 1
                entry["last_at"] = _monotonic(ancillary)
        return found


def _readable(sock: socket.socket) -> bool:
    return bool(select.select([sock], [], [], _POLL_S)[0])


def _what(packet: bytes) -> str:
    """``udp/7000`` of an IPv4 packet."""
    protocol = _PROTOCOLS.get(packet[9], str(packet[9]))
    start = (packet[0] & 0xF) * 4
    return f"{protocol}/{struct.unpack_from('!H', packet, start + 2)[0]}"


def _monotonic(ancillary: list[tuple[int, int, bytes]]) -> float:
    """The kernel stamps wall-clock time; the two clocks differ by what they differ now."""
    stamp = next((data for _, kind, data in ancillary if kind == _SO_TIMESTAMPNS), None)
    if stamp is None:
        return time.monotonic()
    seconds, nanoseconds = struct.unpack("=qq", stamp[:16])
    return float(seconds + nanoseconds / 1e9 - (time.time() - time.monotonic()))
