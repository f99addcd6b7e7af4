"""What a run has made is removed after a crash, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit import ledger
from labkit.ledger import Ledger, Record, start_time

ROOT = Path(__file__).parents[2]
FOREVER = (sys.executable, "-c", "import signal; signal.pause()")


@pytest.fixture(autouse=True)
def ledgers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of ledgers for this test alone."""
    monkeypatch.setattr(ledger, "ROOT", tmp_path / "ledgers")
    return tmp_path / "ledgers"


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs until somebody ends it."""
    with subprocess.Popen(FOREVER) as running:
        yield running
        running.kill()


def test_a_recorded_process_is_stopped(process: subprocess.Popen[bytes]) -> None:
    run = Ledger.create("run")
    run.add_process(process.pid)
    assert ledger.clean_all() == [run.folder.name]
    assert process.wait(5) != 0
    assert not run.folder.exists()


def test_a_process_that_has_the_number_by_now_is_left_alone(
    process: subprocess.Popen[bytes],
) -> None:
    run = Ledger.create("run")
    began = start_time(process.pid)
    assert began is not None
    (run.folder / "ledger").write_text(f'["pid", "{process.pid}", {began - 1}]\n')
    assert list(run.records()) == [Record("pid", str(process.pid), began - 1)]
    run.clean()
    assert process.poll() is None


def test_a_process_that_was_gone_when_it_was_written_down_stops_nobody(
    process: subprocess.Popen[bytes],
) -> None:
    run = Ledger.create("run")
    (run.folder / "ledger").write_text(f'["pid", "{process.pid}", 0]\n')
    run.clean()
    assert process.poll() is None


def test_folders_are_removed_and_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    run = Ledger.create("run")
    made = tmp_path / "made"
    made.mkdir()
    (made / "file").touch()
    run.add("dir", str(made))
    run.add("dir", str(tmp_path / "never-made"))
    run.add("netns", "never-made-netns")
    run.add("link", "never-made-link")
    run.clean()
    assert not made.exists()
    assert ledger.clean_all() == []


def test_a_line_cut_short_by_a_crash_does_not_stop_the_cleaning(
    process: subprocess.Popen[bytes],
) -> None:
    run = Ledger.create("run")
    run.add_process(process.pid)
    with (run.folder / "ledger").open("a") as file:
        file.write('["net')
    run.clean()
    assert process.wait(5) != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="making a namespace needs root")
def test_namespaces_and_links_are_removed() -> None:
    run = Ledger.create("run")
    name = f"bh{os.getpid()}"
    run.add("netns", name)
    subprocess.run(["ip", "netns", "add", name], check=True)
    run.add("link", f"{name}a")
    subprocess.run(
        ["ip", "link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b"], check=True
    )
    run.clean()
    assert not Path("/run/netns", name).exists()
    assert not Path("/sys/class/net", f"{name}a").exists()


def test_clean_as_a_command_says_what_it_did(ledgers: Path) -> None:
    run = Ledger.create("run")
    said = [
        subprocess.run(
            [sys.executable, "-m", "labkit.ledger", "clean"],
            cwd=ROOT,
            env={**os.environ, "BULKHEAD_LEDGERS": str(ledgers)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]
    assert said == [f"clean: removed what was left of {run.folder.name}\n", "clean: nothing left\n"]


_CRASHES = """
import os, sys
from pathlib import Path
from labkit import ledger
ledger.ROOT = Path(sys.argv[1])
run = ledger.Ledger.create("crashed")
made = Path(sys.argv[2]); run.add("dir", str(made)); made.mkdir()
os.kill(os.getpid(), 9)
"""


def test_what_a_killed_run_has_left_is_removed_and_a_live_run_is_left_alone(
    ledgers: Path, tmp_path: Path
) -> None:
    alive = Ledger.create("alive")
    made = tmp_path / "made"
    command = (sys.executable, "-c", _CRASHES, str(ledgers), str(made))
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9
    assert made.exists()
    (left,) = ledger.clean_abandoned()
    assert left.startswith("crashed-")
    assert not made.exists()
    assert alive.folder.exists()
