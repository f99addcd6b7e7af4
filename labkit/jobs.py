"""Work that an instance's agent does in a thread until it is told to stop.

A job is made of its arguments and run once; what it returns is JSON. It calls ``ready`` when what
it watches for can no longer be missed. Times are seconds of the machine's monotonic clock, so
those of different instances compare.
"""

from __future__ import annotations

import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from labkit.sockets import take_much

RATE_HZ: Final = 1000.0
RATE_BPS: Final = 8e6
TOS_OF_DSCP: Final = 4  # the DSCP is the upper six bits of the TOS byte
_ANSWERS_S: Final = 3.0
"""How long no answer must come until the missing ones are lost: whoever answers may be waiting for
a core."""
_PATIENCE_S: Final = 2.0
_TCP_INFO_SIZE: Final = 104
_TOTAL_RETRANS: Final = 100  # offset of tcpi_total_retrans in struct tcp_info, linux/tcp.h
AWAKE: Final = threading.Event()
"""Cleared while the instance is paused, as a hypervisor pauses one to move it: it sends nothing."""
AWAKE.set()
_BLINK_S: Final = 0.005
_LATE_S: Final = 0.01
"""What a job is behind its rate, because the machine was busy, it does not make up for beyond this:
that would be a burst, and short queues drop bursts."""


class Job(Protocol):
    """One piece of work."""

    def run(self, stop: threading.Event, ready: Callable[[], None]) -> dict[str, Any]:
        """Work until ``stop`` is set, or until done; what was seen."""


class Running:
    """A job in its thread."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._result: dict[str, Any] = {}
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait()

    def finish(self) -> dict[str, Any]:
        """Stop it; its result. Raises what it raised."""
        self._stop.set()
        return self.wait()

    def wait(self) -> dict[str, Any]:
        """Wait until it is done; its result. Raises what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._result

    def _run(self) -> None:
        try:
            self._result = self._job.run(self._stop, self._ready.set)
        except Exception as error:
            self._error = error
        finally:
            self._ready.set()


@dataclass
class Stream:
    """Datagrams at a rate, each answered: how many were sent, lost, and how long they took.

    ``lost_at`` are the sending times of those never answered, ``answered_at`` of the last that was,
    ``longest_ms`` the longest time between two that were answered.
    """

    address: str
    port: int
    rate_hz: float = RATE_HZ
    duration_s: float = float("inf")
    dscp: int = 0
    _came: dict[int, float] = field(default_factory=dict, init=False)

    def run(self, stop: threading.Event, ready: Callable[[], None]) -> dict[str, Any]:
        """Send until stopped or the time is over, then wait a little for answers."""
        sent: list[float] = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, self.dscp * TOS_OF_DSCP)
            take_much(sock)
            sock.connect((self.address, self.port))
            ready()
            begin, count = time.monotonic(), self.rate_hz * self.duration_s
            while len(sent) < count and not stop.is_set():
                if not AWAKE.is_set():
                    begin += self._sleep(sock)
                    continue
                number = len(sent)
                begin = max(begin, time.monotonic() - _LATE_S - number / self.rate_hz)
                self._receive(sock, begin + number / self.rate_hz)
                sent.append(time.monotonic())
                try:
                    sock.send(b"%d" % number)
                except OSError:
                    continue  # counts as lost
            known = -1
            while known < len(self._came) < len(sent):
                known = len(self._came)
                self._receive(sock, time.monotonic() + _ANSWERS_S, most=len(sent))
        return self._report(sent)

    def _sleep(self, sock: socket.socket) -> float:
        """Only receive for a moment; how long it was."""
        slept = time.monotonic()
        self._receive(sock, slept + _BLINK_S)
        return time.monotonic() - slept

    def _receive(self, sock: socket.socket, until_s: float, most: float = float("inf")) -> None:
        """Take answers until a time, or until all are there."""
        while len(self._came) < most:
            left = until_s - time.monotonic()
            if left <= 0:
                return
            sock.settimeout(left)
            try:
                data = sock.recv(2048)
            except OSError:
                continue
            self._came.setdefault(int(data.rsplit(b"|", 1)[1]), time.monotonic())

    def _report(self, sent: list[float]) -> dict[str, Any]:
        came = self._came
        took = sorted(came[n] - sent[n] for n in came)
        answered = [sent[n] for n in sorted(came)]
        gaps = [b - a for a, b in itertools.pairwise(answered)]
        return {
            "sent": len(sent),
            "lost": len(sent) - len(came),
            "lost_at": [at for number, at in enumerate(sent) if number not in came],
            "answered_at": max(answered, default=None),
            "longest_ms": max(gaps, default=0.0) * 1000,
            "p50_ms": took[len(took) // 2] * 1000 if took else None,
            "p99_ms": took[len(took) * 99 // 100] * 1000 if took else None,
        }


@dataclass
class Transfer:
    """One TCP connection over which bytes are sent at a rate, and counted by the receiver."""

    address: str
    port: int
    rate_bps: float = RATE_BPS
    chunk: int = 1000

    def run(self, stop: threading.Event, ready: Callable[[], None]) -> dict[str, Any]:
        """Send until stopped. ``alive``: the same connection confirmed every byte at the end."""
        sent = 0
        try:
            with socket.create_connection((self.address, self.port), _PATIENCE_S) as sock:
                answers = sock.makefile("rb")
                answers.readline()  # the receiver's name
                ready()
                sent, retransmitted = self._send(sock, stop)
                sock.settimeout(_PATIENCE_S)
                sock.shutdown(socket.SHUT_WR)
                counted = int(answers.readline() or b"-1")
        except OSError as error:
            return {"alive": False, "sent_bytes": sent, "error": str(error) or repr(error)}
        return {
            "alive": counted == sent,
            "sent_bytes": sent,
            "counted_bytes": counted,
            "retransmitted": retransmitted,
        }

    def _send(self, sock: socket.socket, stop: threading.Event) -> tuple[int, int]:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(0.05)
        data, sent, begin = bytes(self.chunk), 0, time.monotonic()
        while not stop.is_set():
            if not AWAKE.is_set():
                slept = time.monotonic()
                AWAKE.wait(_BLINK_S)
                begin += time.monotonic() - slept
                continue
            begin = max(begin, time.monotonic() - _LATE_S - sent * 8 / self.rate_bps)
            ahead_s = sent * 8 / self.rate_bps - (time.monotonic() - begin)
            if ahead_s > 0:
                stop.wait(ahead_s)
                continue
            try:
                sent += sock.send(data)
            except TimeoutError:
                continue  # its buffer is full: nothing is confirmed at present
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
        return sent, struct.unpack_from("=I", info, _TOTAL_RETRANS)[0]
