"""`make test` runs two groups of tests at once, and fails where either does."""

from __future__ import annotations

import subprocess

import pytest

from tests.architecture.imports import ROOT

SPARE = ROOT / "scripts" / "spare.sh"


@pytest.mark.parametrize(
    ("first", "second", "status"), [(0, 0, 0), (3, 0, 3), (0, 4, 4), (3, 4, 3)]
)
def test_it_fails_where_either_does_and_shows_what_both_say(
    first: int, second: int, status: int
) -> None:
    commands = (f"echo one; exit {first}", f"echo two; nice; exit {second}")
    shells = [["bash", "-c", command] for command in commands]
    done = subprocess.run(
        [SPARE, *shells[0], "--", *shells[1]], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (status, "one\ntwo\n19\n"), done.stderr


@pytest.mark.parametrize("told", [[], ["true"], ["true", "--"]], ids=" ".join)
def test_without_a_second_command_it_says_what_it_expects(told: list[str]) -> None:
    done = subprocess.run([SPARE, *told], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "usage" in done.stderr
