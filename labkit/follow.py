"""An instance that is migrated: it sends by its new device as soon as that receives.

A hypervisor copies a running instance and lets it go on at the new host. Here the instance stays
in its namespace and gets a second device with the same addresses, plugged at the new host. The
first frame that comes by it says that the network has moved; then its routes change device. The
old device still receives meanwhile.
"""

from __future__ import annotations

import select
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from labkit.sockets import packets_of

_ETH_P_IP: Final = 0x0800
_POLL_S: Final = 0.05


@dataclass
class Follow:
    """Take the routes to another device once a frame comes by it, or when told to stop."""

    device: str
    address: str
    subnet: str
    gateway: str

    def run(self, stop: threading.Event, ready: Callable[[], None]) -> dict[str, Any]:
        """Wait for the frame, then change the routes. ``by`` says what it was that decided."""
        # Started beforehand: to start a program takes longer than what is lost meanwhile may.
        with (
            subprocess.Popen(("ip", "-batch", "-"), stdin=subprocess.PIPE, text=True) as ip,
            packets_of(self.device, socket.SOCK_DGRAM, _ETH_P_IP) as sock,
        ):
            ready()
            while not (came := _came(sock)) and not stop.is_set():
                pass
            _, errors = ip.communicate(self._routes())
        if ip.returncode:
            raise RuntimeError(f"ip -batch: {errors}")
        return {"by": "frame" if came else "end", "switched_at": time.monotonic()}

    def _routes(self) -> str:
        way = f"via {self.gateway} dev {self.device} onlink src {self.address}"
        return f"route replace {self.subnet} {way}\nroute replace default {way}\n"


def _came(sock: socket.socket) -> bool:
    """Whether a frame for this instance comes within a moment."""
    if not select.select([sock], [], [], _POLL_S)[0]:
        return False
    return bool(sock.recvfrom(64)[1][2] == socket.PACKET_HOST)
