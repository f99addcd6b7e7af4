"""The speaker as it is run: stock ryu-manager, a real switch, engines that live and die."""

from __future__ import annotations

import os
import signal
import socket
import struct
from pathlib import Path

import pytest

from controller.southbound.frames import ENGINE_XID, REPORT, Frame, Kind, count_of
from controller.southbound.openflow.messages import Type, barrier, header
from labkit.ledger import start_time
from labkit.ovs import PrivateOvs
from tests.speaker.conftest import (
    BRIDGE,
    DATAPATH_ID,
    PATIENCE_S,
    Controller,
    Engine,
    eventually,
    running,
)
from tests.speaker.deaf import deaf_switch

PORT_STATUS = 12
FLOW_MOD = struct.Struct("!BBHI QQ BBHHH III HH HH4x")
XID = ENGINE_XID | 77


def flow_mod(number: int) -> bytes:
    """Add a flow of a priority of its own to table 1 that drops everything."""
    return FLOW_MOD.pack(
        *(5, Type.FLOW_MOD, FLOW_MOD.size, ENGINE_XID | number, number, 0),
        *(1, 0, 0, 0, number, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0, 1, 4),
    )


def flow_count(ovs: PrivateOvs) -> int:
    return ovs.ofctl("dump-flows", BRIDGE).count("cookie=")


def fence(engine: Engine, session: int, before: bytes = b"") -> None:
    """A barrier through the speaker, behind other messages."""
    for start in range(0, len(before), 1 << 16):
        engine.say(Frame(Kind.SEND, DATAPATH_ID, session, before[start : start + (1 << 16)]))
    engine.say(Frame(Kind.SEND, DATAPATH_ID, session, barrier(XID)))
    heard = engine.hear(Kind.MESSAGE, lambda frame: header(frame.payload).xid == XID)
    assert header(heard.payload).type == Type.BARRIER_REPLY
    assert (heard.datapath_id, heard.session) == (DATAPATH_ID, session)


def test_bytes_pass_and_engines_come_and_go_while_the_session_stays(
    controller: Controller, ovs: PrivateOvs
) -> None:
    engine = controller.engine()
    controller.connect(ovs)
    assert engine.hear(Kind.SWITCH_UP) == Frame(Kind.SWITCH_UP, DATAPATH_ID, 1)
    fence(engine, 1, b"".join(map(flow_mod, range(1, 20_001))))  # more than all queues hold
    assert flow_count(ovs) == 20_000

    ovs.vsctl("add-port", BRIDGE, "p1")
    status = engine.hear(Kind.MESSAGE, lambda f: header(f.payload).type == PORT_STATUS)
    assert header(status.payload).xid == 0 and b"p1\0" in status.payload

    for _ in range(2):
        engine.kill()
        engine = controller.engine()
        assert engine.hear(Kind.SWITCH_UP) == Frame(Kind.SWITCH_UP, DATAPATH_ID, 1)
        fence(engine, 1)
    assert "the engine ended (signal 9)" in controller.log
    assert flow_count(ovs) == 20_000


def test_a_new_session_is_down_then_up_and_the_old_ones_bytes_are_dropped(
    controller: Controller, ovs: PrivateOvs
) -> None:
    engine = controller.engine()
    controller.connect(ovs)
    engine.hear(Kind.SWITCH_UP)
    engine.say(Frame(Kind.CLOSE, DATAPATH_ID, 1))
    assert engine.hear(Kind.SWITCH_DOWN) == Frame(Kind.SWITCH_DOWN, DATAPATH_ID, 1)
    assert engine.hear(Kind.SWITCH_UP) == Frame(Kind.SWITCH_UP, DATAPATH_ID, 2)
    engine.say(Frame(Kind.SEND, DATAPATH_ID, 1, flow_mod(1)))
    fence(engine, 2)
    assert flow_count(ovs) == 0


def test_a_switch_that_stops_reading_holds_nobody_up(
    controller: Controller, ovs: PrivateOvs
) -> None:
    engine = controller.engine()
    controller.connect(ovs)
    other = engine.hear(Kind.SWITCH_UP).session
    with deaf_switch(controller.port, datapath_id=0xDEAF):
        session = engine.hear(Kind.SWITCH_UP).session
        chunk = Frame(Kind.SEND, 0xDEAF, session, barrier(XID) * 8192)
        for _ in range(400):  # 26 MB are more than all queues and sockets on the way hold
            engine.say(chunk)
        fence(engine, other)
    assert engine.hear(Kind.SWITCH_DOWN).datapath_id == 0xDEAF
    fence(engine, other)


def test_what_was_passed_on_is_said_to_the_engine_that_sent_it(
    controller: Controller, ovs: PrivateOvs
) -> None:
    engine = controller.engine()
    controller.connect(ovs)
    session = engine.hear(Kind.SWITCH_UP).session
    chunk = Frame(Kind.SEND, DATAPATH_ID, session, barrier(XID) * 8192)
    for _ in range(3):
        engine.say(chunk)
    said = engine.hear(Kind.TAKEN)
    assert (said.datapath_id, said.session) == (DATAPATH_ID, session)
    assert REPORT <= count_of(said) <= 3 * len(chunk.payload)
    engine.kill()
    engine = controller.engine()
    engine.hear(Kind.SWITCH_UP)
    for _ in range(3):
        engine.say(chunk)
    assert count_of(engine.hear(Kind.TAKEN)) <= 3 * len(chunk.payload)


def test_an_engine_that_makes_no_sense_is_replaced(controller: Controller) -> None:
    engine = controller.engine()
    engine._socket.sendall(b"\xff" * 64)
    eventually(lambda: not engine.alive(), "the end of an engine that is not understood")
    controller.engine()
    assert "not understood" in controller.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_both_in_order_and_no_flow_is_lost(
    controller: Controller, ovs: PrivateOvs, number: signal.Signals
) -> None:
    engine = controller.engine()
    controller.connect(ovs)
    engine.hear(Kind.SWITCH_UP)
    fence(engine, 1, flow_mod(5))
    controller.process.send_signal(number)
    engine.hear(Kind.BYE)
    assert controller.process.poll() is None  # it waits for the engine
    engine.close()
    assert controller.process.wait(PATIENCE_S) == 0
    assert not engine.alive()
    assert "Traceback" not in controller.log
    assert not list((controller.folder / "run").iterdir())
    assert flow_count(ovs) == 1


def test_the_engine_is_of_the_speakers_session_and_hears_no_interrupt_of_its_terminal(
    controller: Controller,
) -> None:
    engine, speaker = controller.engine().pid, controller.process.pid
    assert os.getsid(engine) == os.getsid(speaker), "its nice value would count for nothing"
    assert os.getpgid(engine) != os.getpgid(speaker), "an interrupt would reach it out of order"


def test_an_engine_without_its_speaker_ends(controller: Controller, ovs: PrivateOvs) -> None:
    engine = controller.engine()
    controller.connect(ovs)
    engine.hear(Kind.SWITCH_UP)
    fence(engine, 1, flow_mod(5))
    assert controller.end(signal.SIGKILL) == -signal.SIGKILL
    eventually(lambda: not engine.alive(), "the end of an engine without speaker")
    assert flow_count(ovs) == 1


def test_the_engine_itself_is_started_again_and_ends_in_order(
    tmp_path: Path, ovs: PrivateOvs
) -> None:
    with running(tmp_path, "controller.app", ovsdb=ovs.database) as controller:
        first = eventually(controller.serving, "an engine that serves")
        os.kill(first, signal.SIGKILL)
        second = eventually(lambda: controller.serving(other_than=first), "another that serves")
        assert controller.end(signal.SIGTERM) == 0
        assert start_time(second) is None
        assert "Traceback" not in controller.log


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            {"openflow_port": "many", "colour": "blue"},
            [
                "openflow_port: expected a port number, 1..65535, found 'many'",
                "colour: is no setti",
            ],
        ),
        ({"topology": "/none.yaml"}, ["topology: expected a file or folder that is there"]),
        ({"run_dir": "/proc/none"}, ["run_dir: cannot listen on /proc/none/"]),
    ],
)
def test_a_wrong_setting_is_told_in_a_line_and_nothing_starts(
    tmp_path: Path, settings: dict[str, str], told: list[str]
) -> None:
    with running(tmp_path, "controller.app", **settings) as controller:
        assert controller.process.wait(PATIENCE_S) == 2
    assert "Traceback" not in controller.log
    lines = [line for line in controller.log.splitlines() if line.startswith("bulkhead: ")]
    assert all(any(text in line for line in lines) for text in told)


def test_another_users_folder_is_refused(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    with running(tmp_path / "mine", "controller.app", run_dir=str(theirs)) as controller:
        assert controller.process.wait(PATIENCE_S) == 2
    assert "the folder belongs to another user" in controller.log


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with running(tmp_path, "controller.app", openflow_port=port) as controller:
            assert controller.process.wait(PATIENCE_S) == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in controller.log
    assert "Traceback" not in controller.log
