"""A switch that greets and then reads nothing more."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from labkit.greeting import greet
from tests.speaker.conftest import eventually


def connected(port: int) -> socket.socket | None:
    """A connection for OpenFlow; None while nobody listens: the engine may be there before."""
    try:
        return socket.create_connection(("127.0.0.1", port))
    except ConnectionRefusedError:
        return None


@contextlib.contextmanager
def deaf_switch(port: int, datapath_id: int) -> Iterator[None]:
    """A switch that greets, says its features and ports, and goes deaf."""
    with eventually(lambda: connected(port), "a listener for switches") as switch:
        greet(switch, datapath_id)
        yield
