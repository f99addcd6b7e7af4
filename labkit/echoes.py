"""Echoes at their times: how long a controller takes to answer a switch, beside other work.

``python -m labkit.echoes PORT DATAPATH_ID EVERY_S`` is such a switch, in a process of its own so
that nobody's interpreter lock is measured with it. It asks until its standard input ends, and then
prints what it found.
"""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from controller.southbound.openflow.messages import HEADER, header
from labkit.controller import ROOT
from labkit.greeting import greet, message

_REQUEST: Final = 2
_REPLY: Final = 3
_PATIENCE_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Echo:
    """One that was answered: when it was due (CLOCK_MONOTONIC), how many ms after that it was."""

    due_s: float
    took_ms: float


class EchoingSwitch:
    """The process. Its echoes are known once it was told to end."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def end(self) -> list[Echo]:
        """Ask no more; what was found. Raises RuntimeError where the controller hung up."""
        out, _ = self._process.communicate("", _PATIENCE_S)
        if self._process.returncode:
            raise RuntimeError(f"a switch that asks for echoes ended: {self._process.returncode}")
        return [Echo(*found) for found in json.loads(out.splitlines()[-1])]


@contextmanager
def echoing_switch(port: int, datapath_id: int, every_s: float) -> Iterator[EchoingSwitch]:
    """A switch that has greeted the controller on a port, and asks it for echoes."""
    command = [sys.executable, "-m", "labkit.echoes", str(port), str(datapath_id), str(every_s)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()  # it has greeted
            yield EchoingSwitch(process)
        finally:
            process.terminate()


def echoes(switch: socket.socket, every_s: float, ended: int) -> list[Echo]:
    """Ask for one every so often until the file ``ended`` can be read.

    Those before need not be answered for the next to be asked; those that never were are left out.
    """
    asked: dict[int, float] = {}
    found: list[Echo] = []
    held, due_s = b"", time.monotonic()
    while True:
        files = [switch.fileno(), ended]
        ready, _, _ = select.select(files, [], [], max(0.0, due_s - time.monotonic()))
        if ended in ready:
            return found
        if switch.fileno() in ready:
            part = switch.recv(1 << 16)
            if not part:
                raise EOFError("the controller hung up on a switch that asked for echoes")
            held = _take(switch, held + part, asked, found)
        if time.monotonic() >= due_s:
            asked[len(asked)] = due_s
            switch.sendall(message(_REQUEST, len(asked) - 1))
            due_s += every_s


def _take(switch: socket.socket, data: bytes, asked: dict[int, float], found: list[Echo]) -> bytes:
    """Note what was answered, answer what is asked; the beginning of what is not whole yet."""
    now_s = time.monotonic()
    while len(data) >= HEADER.size and len(data) >= (head := header(data)).length:
        if head.type == _REPLY:
            found.append(Echo(asked[head.xid], (now_s - asked[head.xid]) * 1000))
        if head.type == _REQUEST:
            switch.sendall(message(_REPLY, head.xid, data[HEADER.size : head.length]))
        data = data[head.length :]
    return data


def main() -> None:
    """Be such a switch."""
    port, datapath_id, every_s = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    with socket.create_connection(("127.0.0.1", port), _PATIENCE_S) as switch:
        switch.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        greet(switch, datapath_id)
        print("greeted", flush=True)
        found = echoes(switch, every_s, sys.stdin.fileno())
    print(json.dumps([(echo.due_s, echo.took_ms) for echo in found]))


if __name__ == "__main__":
    main()
