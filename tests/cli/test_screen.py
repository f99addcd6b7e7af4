"""Colours and bars: on a terminal only, and never where they are not wanted."""

from __future__ import annotations

import io
import re
import threading
from pathlib import Path

import pytest

from controller.cli import progress, screen
from controller.cli.exits import MEANINGS, Exit, Stop
from tests.architecture.imports import ROOT
from tests.cli.conftest import Run


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> _Terminal:
    """A terminal with colours, in an environment that says nothing else."""
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return _Terminal()


PLAN = "plan 1:\n  + rules/a\n  - rules/b\nweb-1 -> api-1 tcp/1: DENIED [no markup] :smile:"


def test_a_terminal_gets_colours_and_the_same_text(terminal: _Terminal) -> None:
    screen.show(PLAN, terminal)
    text = terminal.getvalue()
    assert "\x1b[32m+ rules/a\x1b[0m" in text
    assert "\x1b[1;31mDENIED\x1b[0m" in text
    assert re.sub(r"\x1b\[[\d;]*m", "", text) == f"{PLAN}\n"


def test_long_lines_are_left_to_the_terminal(terminal: _Terminal) -> None:
    screen.show("x" * 500, terminal)
    assert terminal.getvalue() == "x" * 500 + "\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_that_are_not_wanted(
    terminal: _Terminal, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    screen.show(PLAN, terminal)
    assert terminal.getvalue() == f"{PLAN}\n"


def test_what_is_no_terminal_gets_plain_text() -> None:
    file = io.StringIO()
    screen.show(PLAN, file)
    assert file.getvalue() == f"{PLAN}\n"


def test_a_bar_counts_switches_until_the_work_is_done(
    terminal: _Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", terminal)
    looked = threading.Event()

    def look() -> progress.Done:
        looked.set()
        return progress.Done(3, 5)

    with progress.bar("waiting for switches", look, patience_s=0):
        assert looked.wait(10)
    assert "waiting for switches" in terminal.getvalue()
    assert "3/5" in terminal.getvalue()


def test_a_bar_survives_what_cannot_be_looked_at(
    terminal: _Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", terminal)
    looked = threading.Event()

    def look() -> progress.Done:
        looked.set()
        raise Stop(Exit.UNREACHABLE, "nobody there")

    with progress.bar("waiting", look, patience_s=0):
        assert looked.wait(10)
    assert "nobody there" not in terminal.getvalue()


def test_no_bar_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setattr("sys.stderr", file)
    with progress.bar("waiting", patience_s=0):
        pass
    assert file.getvalue() == ""


def test_exit_codes_are_all_documented(run: Run) -> None:
    page = (ROOT / "docs/cli.md").read_text()
    table = dict(re.findall(r"^\| (\d+) \| (.+) \|$", page, re.MULTILINE))
    assert table == {str(int(code)): MEANINGS[code] for code in Exit}
    text = " ".join(run("--help").out.split())
    assert [code for code in Exit if f"{code} {MEANINGS[code]}" not in text] == []


def test_every_command_is_documented_with_an_example(run: Run) -> None:
    text = run("--help").out
    commands = re.findall(r"^    ([a-z]+) ", text, re.MULTILINE)
    page = (ROOT / "docs/cli.md").read_text()
    assert "completion" in commands
    assert [name for name in commands if f"`{name}" not in page] == []
    for name in commands:
        assert f"example:\n  bulkhead {name}" in run(name, "--help").out


def test_interrupting_has_an_exit_code_of_its_own(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("controller.cli.documents.load_yaml", interrupt)
    assert run("plan", "-f", str(tmp_path)).code == Exit.INTERRUPTED == 130
