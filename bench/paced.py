"""Requests at their times, whether those before were answered or not, as many clients would ask.

It shares the machine's cores with what it measures, so it is a loop over bare sockets: a request
costs it a tenth of what it would cost a client library.
"""

from __future__ import annotations

import re
import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

PATIENCE_S: Final = 30.0
_RECV: Final = 1 << 16
_LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


def paced_reads(
    port: int, paths: Sequence[str], per_s: float, seconds: float, clients: int
) -> list[float]:
    """How many ms after it was due each GET was answered; the paths come in turn.

    Where all connections wait for answers, what is due waits too, and that counts. Raises
    RuntimeError for an answer other than 200, and where none comes for half a minute.
    """
    with ExitStack() as stack:
        poll = stack.enter_context(select.epoll())
        free = deque(_Connection(stack.enter_context(_connected(port))) for _ in range(clients))
        busy: dict[int, _Connection] = {}
        for connection in free:
            poll.register(connection.socket, select.EPOLLIN)
        requests = [f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode() for path in paths]
        wanted, took_ms = int(per_s * seconds), list[float]()
        began_s, sent = time.monotonic(), 0
        while len(took_ms) < wanted:
            now_s = time.monotonic()
            while sent < wanted and free and began_s + sent / per_s <= now_s:
                connection = free.popleft()  # the server ends those that are idle for long
                connection.ask(requests[sent % len(requests)], began_s + sent / per_s)
                busy[connection.socket.fileno()] = connection
                sent += 1
            is_next = sent < wanted and free
            wait_s = max(0.0, began_s + sent / per_s - now_s) if is_next else PATIENCE_S
            ready = poll.poll(wait_s)
            if not ready and not is_next:
                raise RuntimeError(f"no answer came within {PATIENCE_S:g} s")
            for number, _ in ready:
                connection = busy[number]
                if connection.is_answered():
                    took_ms.append((time.monotonic() - connection.due_s) * 1000)
                    free.append(busy.pop(number))
        return took_ms


class _Connection:
    """A connection with at most one request under way, that was due at a time."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.due_s = 0.0
        self._unread = b""

    def ask(self, request: bytes, due_s: float) -> None:
        self.due_s = due_s
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """Read what has come; whether the answer is whole."""
        data = self.socket.recv(_RECV)
        self._unread += data
        head, end, body = self._unread.partition(b"\r\n\r\n")
        if not data or (end and head[9:12] != b"200"):
            raise RuntimeError(f"GET: expected HTTP 200, found {self._unread[:200]!r}")
        length = _LENGTH.search(head + end[:2])
        if not end or length is None or len(body) < int(length[1]):
            return False
        self._unread = b""
        return True


def _connected(port: int) -> socket.socket:
    found = socket.create_connection(("127.0.0.1", port))
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found
