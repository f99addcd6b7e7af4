"""`bulkhead token`, and a command that shows one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from controller.cli import main
from controller.northbound.access.principals import Principal, Role
from controller.northbound.access.tokens import TokenFile


def test_a_token_is_shown_once_listed_and_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BULKHEAD_TOKENS_FILE", str(tmp_path / "tokens.json"))
    assert main(["token", "add", "ci", "--role", "operator", "--tenant", "shop"]) == 0
    token = capsys.readouterr().out.split()[0]
    file = TokenFile(tmp_path / "tokens.json")
    assert file.by_token(token) == Principal("ci", Role.OPERATOR, frozenset({"shop"}))
    assert main(["token", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["name"], row["role"], row["tenants"]) == ("ci", "operator", ["shop"])
    assert main(["token", "remove", "ci"]) == 0
    assert file.by_token(token) is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "x"], "--role"),
        (["add", "--role", "admin"], "whose"),
        (["add", "x", "--role", "viewer", "--tenant", "shop"], "--tenant is for an operator"),
        (["remove", "x"], "there is no `x`"),
    ],
)
def test_what_is_missing_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["token", *arguments, "--file", str(tmp_path / "tokens.json")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "tokens.json").exists()


def test_without_a_file_it_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BULKHEAD_TOKENS_FILE", raising=False)
    assert main(["token", "list"]) == 2
    assert "--file" in capsys.readouterr().err


def test_a_file_of_trust_that_is_not_there_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BULKHEAD_CA", "/nowhere.pem")
    assert main(["status"]) == 2
    assert "BULKHEAD_CA" in capsys.readouterr().err
