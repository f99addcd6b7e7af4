"""All benchmarks one after the other, each in a process of its own; what they found is kept.

``docs/benchmarks.json`` holds the results with the machine that they were measured on, and
``docs/benchmarks.md`` is generated from it (:mod:`bench.page`).
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from bench.cases import SIZES
from bench.measure import KEPT, pace, say

ROOT: Final = Path(__file__).parent.parent
RESULTS: Final = ROOT / "docs" / "benchmarks.json"
LONGEST_S: Final = 400.0
"""A benchmark that takes longer is ended and told as failed."""


@dataclass(frozen=True, slots=True)
class Run:
    """One benchmark at one size: its line and its figures, or why there are none.

    ``pace_s`` is the machine's just before (:func:`bench.measure.pace`).
    """

    name: str
    services: int
    took_s: float
    result: dict[str, Any] | None
    error: str = ""
    figures: tuple[dict[str, Any], ...] = ()
    pace_s: float = 0.0


def run_all(only: Collection[str] = ()) -> int:
    """Run everything and write down what was found; the number of benchmarks that failed.

    With ``only``, the benchmarks of these names: of the others what was found before stays. It is
    written after each, so that what was measured is kept where the rest is broken off.
    """
    found = _before() if only else {}
    failed = []
    for run in _runs(only):
        found[run.name, run.services] = asdict(run)
        _write(found)
        failed += [run] if run.result is None else []
    for run in failed:
        say(f"FAILED: {run.name} --services {run.services}: {run.error}")
    say(f"wrote {RESULTS.relative_to(ROOT)}; make docs writes the page that is made of it")
    return len(failed)


def _write(found: Mapping[tuple[str, int], dict[str, Any]]) -> None:
    sizes = [(name, services) for name in SIZES for services in SIZES[name]]
    record = _record([found[size] for size in sizes if size in found])
    RESULTS.write_text(json.dumps(record, indent=1) + "\n")


def _before() -> dict[tuple[str, int], dict[str, Any]]:
    runs = json.loads(RESULTS.read_text())["runs"]
    return {(run["name"], run["services"]): run for run in runs}


def _runs(only: Collection[str]) -> Iterator[Run]:
    todo = [
        (name, services)
        for name, sizes in SIZES.items()
        for services in sizes
        if not only or name in only
    ]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for number, (name, services) in enumerate(todo, 1):
            spent, pace_s = time.monotonic() - began, pace()
            say(f"[{number}/{len(todo)}, {spent:.0f} s] {name}, {services} services")
            run = replace(_run(name, services, Path(folder)), pace_s=pace_s)
            if run.result is not None:
                print(json.dumps(run.result), flush=True)
            yield run


def _run(name: str, services: int, folder: Path) -> Run:
    figures = folder / f"{name}-{services}.json"
    command = [sys.executable, "-m", "bench", name, "--services", str(services)]
    command += ["--figures", str(figures)]
    began = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, KEPT: str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            out, progress = process.communicate(timeout=LONGEST_S)
            error = "" if process.returncode == 0 else _last_line(progress)
        except subprocess.TimeoutExpired:
            process.terminate()
            out, _ = process.communicate()
            error = f"not done within {LONGEST_S:.0f} s"
    took_s = round(time.monotonic() - began, 1)
    if error:
        return Run(name, services, took_s, None, error)
    result, found = json.loads(out.splitlines()[-1]), json.loads(figures.read_text())
    return Run(name, services, took_s, result, figures=tuple(found))


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no word why"])[-1]


def _record(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "system": _system(),
            "kernel": platform.release().partition("-")[0],
        },
        "versions": {
            "Python": platform.python_version(),
            "Open vSwitch": _open_vswitch(),
            **{name: version(name) for name in ("ryu", "networkx", "ovs")},
        },
        "runs": runs,
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _system() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())


def _open_vswitch() -> str:
    text = subprocess.run(["ovs-vswitchd", "--version"], capture_output=True, text=True, check=True)
    return text.stdout.split()[3]
