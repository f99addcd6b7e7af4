"""Settings: which source wins, what is refused, and what a child process reads again."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from controller.errors import Invalid
from controller.settings import Settings, describe, environment_of, load


def _file(folder: Path, text: str) -> Path:
    path = folder / "bulkhead.conf"
    path.write_text(text)
    return path


def test_later_sources_win_and_are_named(tmp_path: Path) -> None:
    path = _file(tmp_path, "[bulkhead]\nopenflow_port = 1\naudit_s = 2\nlog_level = debug\n")
    found = load(
        (path,),
        {"BULKHEAD_OPENFLOW_PORT": "3", "BULKHEAD_AUDIT_S": "4", "HOME": "/"},
        {"openflow_port": "5"},
    )
    assert (found.settings.openflow_port, found.settings.audit_s) == (5, 4.0)
    assert found.settings.log_level == "debug"
    assert found.origin["openflow_port"] == "flag"
    assert found.origin["audit_s"] == "environment BULKHEAD_AUDIT_S"
    assert found.origin["log_level"] == str(path)
    assert found.origin["rest"] == "default"


def test_ryus_own_section_is_not_ours(tmp_path: Path) -> None:
    path = _file(tmp_path, "[DEFAULT]\nverbose = true\n[bulkhead]\nopenflow_port = 7\n")
    assert load((path,)).settings.openflow_port == 7


def test_a_file_without_our_section_says_nothing(tmp_path: Path) -> None:
    assert load((_file(tmp_path, "[DEFAULT]\nverbose = true\n"),)).settings == load().settings


def test_the_commands_own_variable_is_no_setting() -> None:
    assert load(environment={"BULKHEAD_SERVER": "http://here:1"}).settings == load().settings


def test_every_problem_is_told_at_once_with_its_source(tmp_path: Path) -> None:
    path = _file(tmp_path, "[bulkhead]\nopenflow_port = 70000\ncolour = blue\n")
    with pytest.raises(Invalid) as caught:
        load(
            (path,),
            {"BULKHEAD_REST": "8080", "BULKHEAD_AUDIT_S": "never", "BULKHEAD_RUN_DIR": "/x" * 60},
            {"log_level": "loud"},
        )
    told = {problem.path: problem for problem in caught.value.problems}
    assert set(told) == {"openflow_port", "colour", "rest", "audit_s", "run_dir", "log_level"}
    assert told["openflow_port"].file == told["colour"].file == str(path)
    assert told["rest"].file == "environment BULKHEAD_REST"
    assert "expected a port number, 1..65535, found '70000'" in str(told["openflow_port"])
    assert "is no setting" in told["colour"].message


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "soon", ""])
def test_a_time_is_above_zero(value: str) -> None:
    with pytest.raises(Invalid, match="a number of seconds above 0"):
        load(environment={"BULKHEAD_REQUEST_TIMEOUT_S": value})


def test_a_missing_config_file_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        load((tmp_path / "none.conf",))


def test_a_child_process_reads_the_same() -> None:
    settings = load(environment={"BULKHEAD_AUDIT_S": "0.25", "BULKHEAD_REST": "[::1]:80"}).settings
    assert load(environment=environment_of(settings)).settings == settings


def test_every_setting_is_described() -> None:
    rows = describe(load())
    assert [row.name for row in rows] == [field.name for field in fields(Settings)]
    assert all(row.meaning and row.origin == "default" for row in rows)
