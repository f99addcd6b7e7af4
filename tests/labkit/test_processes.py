"""A benchmark's session goes before others for as long as it runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labkit import processes
from labkit.processes import session_ahead, session_nice


@pytest.mark.skipif(
    os.geteuid() != 0 or session_nice() is None, reason="needs root, and a session of its own"
)
def test_it_goes_before_others_and_afterwards_as_before() -> None:
    before = session_nice()
    with pytest.raises(KeyError), session_ahead():
        assert session_nice() == -20
        raise KeyError("whatever ends it")
    assert session_nice() == before


@pytest.mark.parametrize("text", ["", None], ids=["empty", "no file"])
def test_where_sessions_are_not_kept_apart_nothing_is_changed(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    autogroup = tmp_path / "autogroup"
    if text is not None:
        autogroup.write_text(text)
    monkeypatch.setattr(processes, "_AUTOGROUP", autogroup)
    assert session_nice() is None
    with session_ahead():
        assert not autogroup.exists() or autogroup.read_text() == ""
    assert session_nice() is None


def test_how_nice_a_session_is_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    autogroup = tmp_path / "autogroup"
    autogroup.write_text("/autogroup-42 nice -7\n")
    monkeypatch.setattr(processes, "_AUTOGROUP", autogroup)
    assert session_nice() == -7
