"""Flushes are byte for byte what Open vSwitch's own tool sends."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
from ipaddress import IPv4Address
from itertools import count
from pathlib import Path

import pytest

from controller.diff.cut import Cut
from controller.southbound.openflow.conntrack import flush, messages_of
from controller.southbound.openflow.messages import HEADER, VERSION, Type, header

A, B = (int(IPv4Address(f"10.0.0.{n}")) for n in (1, 2))
PATIENCE_S = 10.0


def sent_by_ofctl(command: str, *arguments: str) -> bytes:
    """The one experimenter message that ovs-ofctl sends to a switch made of a socket."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "switch")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            server.listen()
            server.settimeout(PATIENCE_S)
            found: list[bytes] = []
            switch = threading.Thread(target=serve, args=(server, found))
            switch.start()
            subprocess.run(
                ["ovs-ofctl", "-O", "OpenFlow14", command, f"unix:{path}", *arguments],
                check=True,
                timeout=PATIENCE_S,
            )
            switch.join(PATIENCE_S)
    (message,) = found
    return message


def serve(server: socket.socket, found: list[bytes]) -> None:
    connection, _ = server.accept()
    connection.settimeout(PATIENCE_S)
    with connection:
        connection.sendall(HEADER.pack(VERSION, 0, HEADER.size, 1))
        while start := connection.recv(HEADER.size, socket.MSG_WAITALL):
            head = header(start)
            size = head.length - HEADER.size
            body = connection.recv(size, socket.MSG_WAITALL) if size else b""
            if head.type == Type.EXPERIMENTER:
                found.append(start + body)
            elif head.type == Type.BARRIER_REQUEST:
                reply = (VERSION, Type.BARRIER_REPLY, HEADER.size, head.xid)
                connection.sendall(HEADER.pack(*reply))


@pytest.mark.parametrize(
    ("cut", "original"),
    [
        (Cut(7, A, B), "ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.2"),
        (Cut(7, A, B, 6, 80), "ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.2,ct_nw_proto=6,ct_tp_dst=80"),
        (Cut(65535, A, B, 17), "ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.2,ct_nw_proto=17"),
        (Cut(7, A, None, 17, 53), "ct_nw_src=10.0.0.1,ct_nw_proto=17,ct_tp_dst=53"),
        (Cut(7, None, B, 47), "ct_nw_dst=10.0.0.2,ct_nw_proto=47"),
        (Cut(7, protocol=6), "ct_nw_proto=6"),
        (Cut(None, A), "ct_nw_src=10.0.0.1"),
        (Cut(None, None, B, 6, 80), "ct_nw_dst=10.0.0.2,ct_nw_proto=6,ct_tp_dst=80"),
    ],
)
def test_one_cut_is_one_flush_as_ovs_ofctl_sends_it(cut: Cut, original: str) -> None:
    zone = [] if cut.zone is None else [f"zone={cut.zone}"]
    theirs = sent_by_ofctl("ct-flush", *zone, original)
    assert list(flush(cut, iter([header(theirs).xid]))) == [theirs]


def test_a_whole_zone() -> None:
    theirs = sent_by_ofctl("ct-flush-zone", "513")
    assert list(flush(Cut(513), iter([header(theirs).xid]))) == [theirs]


@pytest.mark.parametrize("cut", [Cut(7), Cut(7, A, B, 1), Cut(7, A, B, 6), Cut(7, A)])
def test_a_cut_says_how_many_messages_it_takes(cut: Cut) -> None:
    assert len(list(flush(cut, count(1)))) == messages_of(cut)
