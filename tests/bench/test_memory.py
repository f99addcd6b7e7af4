"""What processes hold, with what they have in common counted once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from bench.memory import resident

_MB = 1 << 20
_HOLDS_20_MB = f"held = b'x' * {20 * _MB}; print(flush=True); input()"
_WAITS = "print(flush=True); input()"


@contextmanager
def _python(code: str) -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.fixture
def pids() -> Iterator[list[int]]:
    with ExitStack() as stack:
        yield [stack.enter_context(_python(_WAITS)) for _ in range(3)]


def _resident_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def test_of_each_it_is_what_the_kernel_says(pids: list[int]) -> None:
    said_mb = sum(map(_resident_kib, pids)) / 1024
    assert resident(pids).each_mb == pytest.approx(said_mb, rel=0.05)


def test_libraries_count_once(pids: list[int]) -> None:
    one, all_of_them = resident(pids[:1]), resident(pids)
    assert one.together_mb == pytest.approx(one.each_mb, rel=0.01)
    files_mb = (all_of_them.each_mb - all_of_them.together_mb) / 2
    assert 1 < files_mb < one.together_mb, "each holds more than an interpreter that all share"


def test_what_a_process_has_written_counts_for_it(pids: list[int]) -> None:
    before = resident(pids)
    with _python(_HOLDS_20_MB) as fourth:
        grown_mb = resident([*pids, fourth]).together_mb - before.together_mb
    assert 20 < grown_mb < 30


def test_who_is_gone_holds_nothing() -> None:
    with _python(_WAITS) as pid:
        pass
    assert resident([pid]).together_mb == 0
