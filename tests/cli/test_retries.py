"""An answer that is lost on the way: the write is sent again, and done once."""

from __future__ import annotations

import pytest

from controller.cli import main
from tests.client.conftest import Relay, relay
from tests.northbound.fakes import FakeController

__all__ = ["relay"]


def test_a_write_whose_answer_is_lost_is_done_once(
    relay: Relay, engine: FakeController, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.swallow = 2
    said = ["move", "instance", "web-1", "--host", "host-3", "-m", "maintenance"]
    assert main(["--server", relay.url, *said]) == 0
    assert relay.swallowed == 2
    assert capsys.readouterr().out.startswith("revision 2: applied")
    assert engine.revision() == 2


def test_who_never_answers_is_told(relay: Relay, capsys: pytest.CaptureFixture[str]) -> None:
    relay.swallow = 99
    assert main(["--server", relay.url, "status"]) == 3
    assert relay.swallowed == 4
    assert "no controller answers" in capsys.readouterr().err
