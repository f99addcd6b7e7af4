"""Flags do what they say, or are refused with what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.cli.exits import Exit
from controller.northbound.documents import dump_yaml
from tests.cli.conftest import Run
from tests.northbound.fakes import DOCUMENT, FakeController


@pytest.fixture
def document(tmp_path: Path) -> str:
    path = tmp_path / "shop.yaml"
    path.write_text(dump_yaml({**DOCUMENT, "rules": []}))
    return str(path)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("move instance web-1 --host host-3 --readdress", "keeps its addresses"),
        ("move tenant shop --vrf monitoring --flows", "add --dry-run"),
        ("restore 1 --flows", "add --dry-run"),
        ("move tenant shop --vrf monitoring --vlan abc", "expected auto or a number of 4096..8192"),
        ("move tenant shop --vrf monitoring --vlan 12", "4096..8192, found 12"),
        ("explain web-1 api-1 tcp", "expected tcp/5432, udp/53, icmp"),
        ("explain web-1 api-1 icmp/8", "expected tcp/5432, udp/53, icmp"),
        ("explain web-1 api-1 tcp/x", "found tcp/x"),
        ("explain web-1 api-1 tcp/70000", "expected a port of 1..65535, found 70000"),
    ],
)
def test_what_would_do_nothing_is_refused(
    run: Run, engine: FakeController, said: str, message: str
) -> None:
    ran = run(*said.split())
    assert (ran.code, engine.revision()) == (Exit.INVALID, 1)
    assert message in ran.err


def test_flows_of_a_plan_that_is_not_shown_are_refused(
    run: Run, engine: FakeController, document: str
) -> None:
    ran = run("apply", "-f", document, "--yes", "--flows")
    assert (ran.code, engine.revision()) == (Exit.INVALID, 1)
    assert "add --dry-run" in ran.err
    assert "actions=" in run("apply", "-f", document, "--yes", "--dry-run", "--flows").out


def test_flows_of_a_kept_plan_are_shown_where_it_has_them(run: Run, document: str) -> None:
    def plan(*more: str) -> str:
        return run("plan", "-f", document, *more).out.split()[1].rstrip(",")

    with_flows, without = plan("--flows"), plan()
    assert "actions=" in run("apply", "--plan", with_flows, "--dry-run", "--flows").out
    ran = run("apply", "--plan", without, "--dry-run", "--flows")
    assert (ran.code, "made without flow entries" in ran.err) == (Exit.INVALID, True)
    assert run("apply", "--plan", with_flows, "--flows").code == Exit.INVALID


def test_a_pair_on_one_host_has_no_queue(run: Run) -> None:
    text = run("explain", "web-1", "api-2", "tcp/8080").out
    assert "class realtime, no queue, for it leaves by no link" in text
    assert "udp/53: DENIED" in run("explain", "web-1", "api-2", "udp/53").out
    assert "47: DENIED" in run("explain", "web-1", "api-2", "47").out


def test_a_stale_plan_is_answered_with_what_has_changed_by_name(run: Run, document: str) -> None:
    plan = run("plan", "-f", document).out.split()[1].rstrip(",")
    run("move", "instance", "web-1", "--host", "host-3", "-m", "maintenance")
    run("delete", "rules", "scrape", "--yes")
    ran = run("apply", "--plan", plan)
    assert ran.code == Exit.CONFLICT
    lines = ran.err.splitlines()
    assert "    maintenance" in lines
    assert "      ~ instances/web-1" in lines
    assert "      - rules/scrape" in lines


@pytest.mark.parametrize("said", ["apply -f {}", "diff 1 2", "plan -f {}"])
def test_what_takes_long_shows_a_bar(
    run: Run, document: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    class Bar:
        def __init__(self, text: str, *_: object) -> None:
            shown.append(text)

        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr("controller.cli.writing.bar", Bar)
    monkeypatch.setattr("controller.cli.commands.bar", Bar)
    run("apply", "-f", document, "--yes", "--no-wait")
    shown.clear()
    run(*said.format(document).split())
    assert shown in (["planning"], ["comparing"])
