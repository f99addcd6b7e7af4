"""The command `bulkhead`: what it prints, and its exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from controller.cli import main
from controller.cli.exits import Exit
from controller.northbound.documents import dump_yaml
from controller.northbound.ports import ProofRun, ProofStatus
from tests.cli.conftest import Run
from tests.northbound.fakes import DOCUMENT, FakeController


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A document without the rule `scrape`."""
    path = tmp_path / "shop.yaml"
    rules = DOCUMENT["rules"][:1]  # type: ignore[index]
    path.write_text(dump_yaml({**DOCUMENT, "rules": rules}))
    return path


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plan_tells_flows_and_pairs_and_changes_nothing(
    run: Run, engine: FakeController, document: Path
) -> None:
    ran = run("plan", "-f", str(document))
    assert (ran.code, engine.revision()) == (0, 1)
    assert "  - rules/scrape" in ran.out
    group = "ops/prometheus -> shop/api, shop/web tcp/9090: lost (2 pairs, class best-effort)"
    assert group in ran.out
    assert "0 pairs gained, 2 lost" in ran.out
    flows = run("plan", "-f", str(document), "--flows")
    assert "actions=" in flows.out


def test_apply_stores_the_document_with_its_lines(
    run: Run, engine: FakeController, document: Path
) -> None:
    ran = run("apply", "-f", str(document), "-m", "no scraping", "--yes")
    assert (ran.code, ran.out) == (0, "revision 2: applied\n")
    assert engine.history[-1][0].message == "no scraping"
    file, line = engine.origins()["rules/web-to-api"]
    assert file == str(document)
    assert "web-to-api" in document.read_text().splitlines()[line - 1]
    again = run("apply", "-f", str(document), "--yes")
    assert (again.code, engine.revision()) == (0, 2)
    assert "nothing to change" in again.out


def test_apply_asks_a_person_and_takes_no_for_an_answer(
    run: Run, engine: FakeController, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", _Terminal("n\n"))
    ran = run("apply", "-f", str(document))
    assert (ran.code, engine.revision()) == (Exit.DECLINED, 1)
    assert "2 lost" in ran.err
    monkeypatch.setattr("sys.stdin", _Terminal("y\n"))
    assert run("apply", "-f", str(document), "-m", "no scraping").code == 0
    assert engine.revision() == 2
    assert engine.history[-1][0].message == "no scraping"
    assert engine.origins()["rules/web-to-api"][0] == str(document)


def test_where_nobody_can_be_asked_the_plan_is_shown_and_nothing_is_done(
    run: Run, engine: FakeController, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    ran = run("apply", "-f", str(document))
    assert (ran.code, engine.revision()) == (Exit.INVALID, 1)
    assert "add --yes" in ran.err
    shown = ran.err.rsplit("bulkhead apply --plan ", 1)[1].strip()
    assert run("apply", "--plan", shown).code == 0
    assert engine.revision() == 2


def test_a_folder_is_one_document(run: Run, engine: FakeController, tmp_path: Path) -> None:
    rules = {"rules": DOCUMENT["rules"][1:]}  # type: ignore[index]
    (tmp_path / "rules.yaml").write_text(dump_yaml(rules))
    rest = {name: part for name, part in DOCUMENT.items() if name != "rules"}
    (tmp_path / "site.yml").write_text(dump_yaml(rest))
    assert run("apply", "-f", str(tmp_path), "--yes").code == 0
    assert engine.origins()["rules/scrape"][0] == str(tmp_path / "rules.yaml")


def test_what_was_confirmed_is_applied_or_nothing(
    run: Run, engine: FakeController, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", _Terminal("y\n"))
    engine.meanwhile = lambda: engine.store(engine.network().intent)
    ran = run("apply", "-f", str(document))
    assert ran.code == 4
    assert "made against revision 1" in ran.err


def test_problems_are_printed_with_file_and_line(
    run: Run, engine: FakeController, document: Path
) -> None:
    text = document.read_text().replace("tcp/8080", "tcp/99999").replace("host-2", "host-9")
    document.write_text(text)
    ran = run("apply", "-f", str(document))
    assert (ran.code, engine.revision()) == (2, 1)
    lines = text.splitlines()
    for wrong, path in (("host-9", "instances.api-1.host"), ("tcp/99999", "rules[web-to-api]")):
        line = next(n for n, content in enumerate(lines, 1) if wrong in content)
        assert f"{document}:{line}: {path}" in ran.err


def test_a_file_that_is_not_there_or_no_yaml(run: Run, tmp_path: Path) -> None:
    ran = run("plan", "-f", str(tmp_path / "none.yaml"))
    assert (ran.code, "No such file" in ran.err) == (2, True)
    (tmp_path / "empty.yaml").write_text("# moved to another file\n")
    ran = run("apply", "-f", str(tmp_path / "empty.yaml"), "--yes")
    assert (ran.code, "to remove everything write {}" in ran.err) == (2, True)
    (tmp_path / "bad.yaml").write_text("vrfs: [\n")
    ran = run("plan", "-f", str(tmp_path / "bad.yaml"))
    assert (ran.code, "bad.yaml:" in ran.err) == (2, True)


def test_get_lists_and_shows(run: Run) -> None:
    table = run("get", "instances").out.splitlines()
    assert table[0].split()[:3] == ["NAME", "SERVICE", "HOST"]
    assert len({line.index("host-") for line in table[1:]}) == 1
    assert "10.20.1.4" in run("get", "instances", "web-1").out
    assert json.loads(run("get", "vrfs", "--json").out)[0] == {"name": "business", "id": 100}
    assert "edge-1" in run("get", "switches").out
    assert "fabric-2" in run("get", "links").out
    pairs = json.loads(run("get", "reachability", "--json").out)
    of_api = json.loads(run("get", "reachability", "api", "--json").out)
    assert of_api == [pair for pair in pairs if "api" in (pair["source"], pair["destination"])]
    assert 0 < len(of_api) < len(pairs)
    missing = run("get", "rules", "web-to-apii")
    assert (missing.code, "did you mean `web-to-api`" in missing.err) == (2, True)


def test_moves(run: Run, engine: FakeController) -> None:
    ran = run("move", "tenant", "shop", "--vrf", "monitoring", "--vlan", "4200")
    assert ran.code == 0
    assert "tenant shop: segment shop-monitoring, VRF monitoring, VLAN 4200" in ran.out
    assert run("move", "instance", "web-1", "--host", "host-3").code == 0
    assert engine.network().intent.instances["web-1"].host == "host-3"
    assert run("move", "tenant", "shop").code == 2
    assert run("move", "instance", "web-1", "--vrf", "monitoring").code == 2
    dry = run("move", "instance", "web-1", "--host", "host-1", "--dry-run")
    assert "~ instances/web-1" in dry.out
    assert engine.revision() == 3


def test_not_applied_everywhere_is_said_and_exits_1(run: Run, engine: FakeController) -> None:
    engine.disconnected = {"edge-2"}
    ran = run("move", "instance", "web-1", "--host", "host-3")
    assert ran.code == 1
    assert "stored, not on every switch yet" in ran.out
    assert "  edge-2: not connected" in ran.out
    assert run("move", "instance", "web-1", "--host", "host-1", "--no-wait").code == 0
    status = run("status")
    assert status.code == 1
    assert "NOT READY: edge-2: not connected" in status.out


def test_status_routes_and_history(run: Run) -> None:
    status = run("status")
    assert status.code == 0
    assert "switches: 5 of 5 connected, 5 in sync" in status.out
    ran = run("routes", "host-1", "host-2", "--class", "realtime", "--vrf", "business")
    ways = [f"edge-1 -[h1-{via}]- {via} -[h2-{via}]- edge-2" for via in ("fabric-1", "fabric-2")]
    assert sum(way in ran.out for way in ways) == 1  # they are equally good
    assert "if any one part fails" in ran.out
    run("move", "instance", "web-1", "--host", "host-3", "-m", "maintenance")
    assert "maintenance" in run("revisions", "--limit", "1").out
    assert run("restore", "1").code == 0
    assert run("restore", "99").code == 2


def test_settings_need_no_controller(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "bulkhead.conf"
    config.write_text("[bulkhead]\nrest = 127.0.0.1:9999\n")
    monkeypatch.setenv("BULKHEAD_SERVER", "http://127.0.0.1:9999")
    assert main(["settings", "--config-file", str(config), "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["rest"]["value"], rows["rest"]["origin"]) == ("127.0.0.1:9999", str(config))
    config.write_text("[bulkhead]\nrestt = 1\n")
    assert main(["settings", "--config-file", str(config)]) == 2


def test_no_controller_is_exit_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--server", "http://127.0.0.1:1", "status"]) == 3
    assert "no controller answers at http://127.0.0.1:1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["nothing"], ["get", "nothing"], ["explain", "a", "b", "tcp/x"], ["apply"]]
)
def test_wrong_usage_is_exit_2(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).code == 2


def test_help_teaches(run: Run) -> None:
    assert "bulkhead move tenant shop --vrf monitoring" in run("--help").out
    assert "example:" in run("explain", "--help").out


def test_explain_names_rule_and_line_and_exits_1_when_denied(
    run: Run, engine: FakeController
) -> None:
    engine.places = {"rules/web-to-api": ("shop.yaml", 31)}
    ran = run("explain", "web-1", "api-1", "tcp/8080")
    assert ran.code == 0
    assert "web-1 -> api-1 tcp/8080: allowed" in ran.out
    assert "rule `web-to-api` (shop.yaml:31), class realtime, queue 1" in ran.out
    denied = run("explain", "web-1", "api-1", "tcp/5432", "--dscp", "46")
    assert denied.code == 1
    assert "DENIED" in denied.out
    assert "near: rule `web-to-api` (shop.yaml:31)" in denied.out
    engine.disconnected = {"edge-2"}
    guessed = run("explain", "web-1", "api-1", "tcp/8080")
    assert "are known to hold; edge-2, not read: what it shall hold" in guessed.out


def test_verify_exits_1_when_something_does_not_hold(run: Run, engine: FakeController) -> None:
    assert run("verify").code == 0
    engine.emptied = {"edge-1"}
    ran = run("verify")
    assert (ran.code, "edge-1 missing: " in ran.out) == (1, True)
    assert ran.out.startswith("revision 1: DOES NOT HOLD\n")


def test_verify_names_the_switches_that_were_not_read(run: Run, engine: FakeController) -> None:
    assert run("verify").out.startswith("revision 1: holds on every switch\n")
    engine.disconnected = {"edge-2"}
    ran = run("verify")
    assert ran.code == 1
    verdict, why, *_ = ran.out.splitlines()
    assert verdict == "revision 1: NOT PROVED for edge-2; what was read holds"
    assert why == "  edge-2: not read: not connected"
    engine.emptied = {"edge-1"}
    assert run("verify").out.startswith("revision 1: DOES NOT HOLD, and NOT PROVED for edge-2\n")


def test_a_plan_is_applied_by_its_id(run: Run, engine: FakeController, tmp_path: Path) -> None:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps({**DOCUMENT, "rules": []}))
    plan = json.loads(run("plan", "-f", str(file), "--json").out)["plan"]
    assert f"bulkhead apply --plan {plan}" in run("apply", "--plan", plan, "--dry-run").out
    ran = run("apply", "--plan", plan, "-m", "closed")
    assert (ran.code, engine.revision()) == (0, 2)
    stale = run("apply", "--plan", plan)
    assert stale.code == 4
    assert "revision 2" in stale.err
    assert "closed" in stale.err


def test_log_and_diff(run: Run) -> None:
    run("move", "tenant", "shop", "--vrf", "monitoring", "-m", "maintenance")
    log = run("log", "-n", "1").out
    assert "revision 2" in log
    assert "maintenance" in log
    assert "~ tenants/shop" in log
    diff = run("diff", "1", "2").out
    assert "segment: orders -> shop-monitoring" in diff
    assert "nothing differs" in run("diff", "1", "1").out


def test_events(run: Run, engine: FakeController) -> None:
    engine.journal.record("drift", switch="edge-1", counts={"missing": 2, "extra": 0})
    ran = run("events")
    assert "drift" in ran.out
    assert "counts=missing:2" in ran.out
    engine.journal.close()  # so that following ends
    assert "switch=edge-1" in run("events", "--follow").out


def test_events_are_followed_until_the_controller_ends_them(
    run: Run, engine: FakeController
) -> None:
    engine.journal.record("drift", switch="edge-1")
    engine.journal.close()
    ran = run("--json", "events", "--follow")
    assert [json.loads(line)["kind"] for line in ran.out.splitlines()] == ["drift"]
    assert (ran.code, ran.err) == (3, "bulkhead: the controller has ended the events\n")


def test_status_tells_of_the_last_proofs(run: Run, engine: FakeController) -> None:
    assert "proof of everything: none yet" in run("status").out
    whole = ProofRun("2026-01-01T00:00:00Z", 1, True, 0, 5, 100, 1.0)
    change = ProofRun("2026-01-01T00:00:00Z", 1, False, 2, 5, 100, 1.0)
    engine.proofs = lambda: ProofStatus(whole, change)  # type: ignore[method-assign]
    shown = run("status").out
    assert "proof of everything: holds (revision 1, 2026-01-01T00:00:00Z)" in shown
    assert "proof of the last change: FAILS, 2 faults" in shown
