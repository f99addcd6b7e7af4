"""A switch that asks for echoes says when each was due and how late its answer was."""

from __future__ import annotations

import os
import socket
import threading
import time

import pytest

from controller.southbound.openflow.messages import HEADER, header
from labkit.echoes import echoes
from labkit.greeting import message

REQUEST, REPLY = 2, 3
EVERY_S = 0.001


def _answer(controller: socket.socket, ended: int, many: int, answered: list[bytes]) -> None:
    """Ask for an echo, answer so many in two pieces each, but not the first, and tell the end."""
    controller.sendall(message(REQUEST, 77, b"who"))
    with controller.makefile("rb") as stream:
        while len(answered) < many:
            head = header(stream.read(HEADER.size))
            body = stream.read(head.length - HEADER.size)
            if head.type == REPLY:
                assert (head.xid, body) == (77, b"who")
                answered.append(body)
            elif head.xid:
                answered.append(body)
                reply = message(REPLY, head.xid)
                controller.sendall(reply[:3])
                controller.sendall(reply[3:])
    os.write(ended, b"e")


def test_those_that_were_answered_are_told_with_their_times() -> None:
    switch, controller = socket.socketpair()
    read, write = os.pipe()
    answered: list[bytes] = []
    with switch, controller:
        began_s = time.monotonic()
        answering = threading.Thread(target=_answer, args=(controller, write, 6, answered))
        answering.start()
        found = echoes(switch, EVERY_S, read)
        ended_s = time.monotonic()
        answering.join()
    os.close(read)
    os.close(write)
    assert b"who" in answered
    assert 1 <= len(found) <= 5
    assert all(began_s + EVERY_S <= echo.due_s <= ended_s for echo in found), "not the first"
    assert all(0 < echo.took_ms <= (ended_s - began_s) * 1000 for echo in found)


def test_a_controller_that_hangs_up_is_an_error() -> None:
    switch, controller = socket.socketpair()
    read, write = os.pipe()
    with switch:
        controller.close()
        with pytest.raises((EOFError, ConnectionError)):
            echoes(switch, EVERY_S, read)
    os.close(read)
    os.close(write)
