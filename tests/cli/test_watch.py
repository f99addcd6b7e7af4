"""`bulkhead watch` on a terminal, in a pipe, and as JSON."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.northbound.fakes import FakeController

# What runs in the background ignores Ctrl-C, and so would all that it starts; in a terminal not.
# Said by the program itself: to run something between fork and exec may end in gRPC's threads.
PROGRAM = """
import signal; signal.signal(signal.SIGINT, signal.default_int_handler)
from controller.cli import main; raise SystemExit(main())
"""
BULKHEAD = [sys.executable, "-c", PROGRAM]


def started(server: str, *arguments: str, out: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    return subprocess.Popen(
        [*BULKHEAD, "--server", server, "watch", *arguments],
        stdout=out,
        env=environment,
    )


def read_until(handle: int, wanted: Callable[[str], bool]) -> str:
    text = ""
    while not wanted(text):
        try:
            data = os.read(handle, 65536)
        except OSError:  # nobody has the terminal any more (pty(7)): it has ended
            data = b""
        assert data, f"it ended, after it had said {text!r}"
        text += data.decode(errors="replace")
    return text


def ended(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGINT)
    return process.wait(timeout=30)


def test_a_pipe_gets_a_line_for_each_event(server: str, engine: FakeController) -> None:
    reading, writing = os.pipe()
    process = started(server, out=writing)
    os.close(writing)
    text = read_until(reading, lambda text: "\n" in text)
    assert text.startswith("ready revision 1, 5 of 5 switches in sync, 4 instances; no event yet")
    engine.disconnected.add("edge-1")
    engine.journal.record("switch-down", switch="edge-1")
    text = read_until(reading, lambda text: "switch-down" in text)
    assert "NOT READY revision 1, 4 of 5 switches in sync" in text
    assert ended(process) == 130
    os.close(reading)


def test_json_has_all_of_it(server: str) -> None:
    reading, writing = os.pipe()
    process = started(server, "--json", out=writing)
    os.close(writing)
    line = read_until(reading, lambda text: "\n" in text).splitlines()[0]
    shown = json.loads(line)
    assert shown["status"]["revision"] == 1
    assert len(shown["switches"]) == 5
    assert ended(process) == 130
    os.close(reading)


def test_a_terminal_gets_a_screen(server: str, engine: FakeController) -> None:
    ours, theirs = pty.openpty()
    process = started(server, out=theirs)
    os.close(theirs)
    text = read_until(ours, lambda text: "no event yet" in text)
    assert "\x1b[?1049h" in text  # the other screen, which leaves what was there
    assert "edge-1" in text and "fabric-2" in text
    engine.journal.record("link-down", links=["h1-f1"])
    read_until(ours, lambda text: "link-down" in text)
    assert ended(process) == 130
    os.close(ours)


def test_without_a_controller_it_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    process = started("http://127.0.0.1:9", out=1)
    assert process.wait(timeout=30) == 3
    assert "is it running?" in capfd.readouterr().err
