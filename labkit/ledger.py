"""A record of what was made on this machine, so that all of it can be removed after a crash.

Each run owns a folder with a file ``ledger`` of JSON lines, written before the thing is made: under
``/run/bulkhead``, or in their own run folder for others than root. A process is named with its
start time, so a number used again is left alone. The first line names the run's own process: what
it has left can be removed once that is gone.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple


def _root() -> Path:
    """Where ledgers are: cleared at boot, as what they list is."""
    if chosen := os.environ.get("BULKHEAD_LEDGERS"):
        return Path(chosen)
    if os.geteuid() == 0:
        return Path("/run/bulkhead")
    return Path(os.environ.get("XDG_RUNTIME_DIR", "/tmp"), f"bulkhead-lab-{os.geteuid()}")


ROOT: Final = _root()
_STOP_S: Final = 5.0

Kind = Literal["owner", "pid", "netns", "link", "dir", "taps"]


class Record(NamedTuple):
    """One thing that was made: its kind and name, and for a process its start time in ticks."""

    kind: Kind
    name: str
    start: int = 0


class Ledger:
    """One run's record."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "ledger"

    @staticmethod
    def create(name: str) -> Ledger:
        """A new run's folder and record, named after its process."""
        folder = ROOT / f"{name}-{os.getpid()}"
        if folder.exists():
            Ledger(folder).clean()
        folder.mkdir(parents=True)
        ledger = Ledger(folder)
        ledger._write(Record("owner", str(os.getpid()), start_time(os.getpid()) or 0))
        ledger.add("dir", str(folder))
        return ledger

    def add(self, kind: Kind, name: str) -> None:
        """Write down a namespace, link or folder that is about to be made."""
        self._write(Record(kind, name))

    def add_process(self, pid: int) -> None:
        """Write down a process that was started."""
        self._write(Record("pid", str(pid), start_time(pid) or 0))

    def records(self) -> Iterator[Record]:
        """What was written down, in order, but for a last line that a crash cut short."""
        if self._file.exists():
            *whole, _cut = self._file.read_text().split("\n")
            for line in whole:
                yield Record(*json.loads(line))

    def abandoned(self) -> bool:
        """Whether the process whose run this is has ended, and cannot clean up any more."""
        first = next(self.records(), None)
        return first is not None and first.kind == "owner" and not _alive(first)

    def clean(self) -> None:
        """Remove all that is in the record, newest first, and the record."""
        records = list(self.records())
        for record in reversed(records):
            _REMOVE[record.kind](record)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, record: Record) -> None:
        with self._file.open("a") as file:
            file.write(json.dumps(record) + "\n")


def start_time(pid: int) -> int | None:
    """When a process started, in clock ticks since boot (proc(5), stat field 22)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()
    return None if fields[0] == "Z" else int(fields[19])


def _alive(record: Record) -> bool:
    return record.start != 0 and start_time(int(record.name)) == record.start


def _stop(record: Record) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not _alive(record):
            return
        os.kill(int(record.name), number)
        deadline = time.monotonic() + _STOP_S
        while _alive(record) and time.monotonic() < deadline:
            time.sleep(0.01)


def _delete_netns(record: Record) -> None:
    path = Path("/run/netns") / record.name
    if path.exists():
        subprocess.run(["ip", "netns", "delete", record.name], capture_output=True, check=False)


def _delete_link(record: Record) -> None:
    if Path("/sys/class/net", record.name).exists():
        subprocess.run(["ip", "link", "delete", record.name], capture_output=True, check=False)


def delete_taps(database: str) -> None:
    """Delete the devices of bridges, and internal ports, that a killed ovs-vswitchd has left.

    They are those of this database file.
    """
    internal = [["type", "==", "internal"]]
    rows = {"op": "select", "table": "Interface", "where": internal, "columns": ["name"]}
    query = ["ovsdb-tool", "query", database, json.dumps(["Open_vSwitch", rows])]
    done = subprocess.run(query, capture_output=True, text=True, check=False)
    if done.returncode:
        return
    for interface in json.loads(done.stdout)[0]["rows"]:
        if Path("/sys/class/net", interface["name"], "tun_flags").exists():
            _delete_link(Record("link", interface["name"]))


def _delete_taps(record: Record) -> None:
    delete_taps(record.name)


def _delete_dir(record: Record) -> None:
    shutil.rmtree(record.name, ignore_errors=True)


def _keep(_record: Record) -> None:
    """The owner is who ran the lab or the test, and is not ours to end."""


_REMOVE: Final = {
    "owner": _keep,
    "pid": _stop,
    "netns": _delete_netns,
    "link": _delete_link,
    "dir": _delete_dir,
    "taps": _delete_taps,
}


def clean_all() -> list[str]:
    """Remove what every run has left; the names of the runs. Runs still alive are stopped too."""
    return _clean(_runs())


def clean_abandoned() -> list[str]:
    """Remove what runs have left whose process is gone; their names."""
    return _clean([run for run in _runs() if run.abandoned()])


def _runs() -> list[Ledger]:
    return [Ledger(path.parent) for path in sorted(ROOT.glob("*/ledger"))]


def _clean(runs: list[Ledger]) -> list[str]:
    for run in runs:
        run.clean()
    return [run.folder.name for run in runs]


if __name__ == "__main__":
    if sys.argv[1:] != ["clean"]:
        sys.exit("usage: python -m labkit.ledger clean")
    names = clean_all()
    print(f"clean: removed what was left of {', '.join(names)}" if names else "clean: nothing left")
