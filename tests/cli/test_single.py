"""One object or a few: `put`, `delete`, and files of `changes`."""

from __future__ import annotations

import io
import json
import shlex
from pathlib import Path

import pytest

from controller.cli.exits import Exit
from tests.cli.conftest import Run
from tests.northbound.fakes import FakeController
from tests.pages import blocks

CHANGES = """\
message: another port
changes:
  - op: put
    collection: rules
    name: web-to-api
    body:
      from: {tier: web}
      to: {tier: api}
      allow: [tcp/8081]
  - {op: delete, collection: rules, name: scrape}
"""


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def changes(tmp_path: Path) -> Path:
    path = tmp_path / "changes.yaml"
    path.write_text(CHANGES)
    return path


def test_a_list_of_changes_is_planned_and_made(
    run: Run, engine: FakeController, changes: Path
) -> None:
    planned = run("plan", "-f", str(changes)).out
    assert "  ~ rules/web-to-api\n  - rules/scrape\n" in planned
    assert "shop/web -> shop/api tcp/8081: gained" in planned
    assert engine.revision() == 1
    assert run("apply", "-f", str(changes), "--yes").code == 0
    assert engine.history[-1][0].message == "another port"
    assert list(engine.network().intent.rules) == ["web-to-api"]
    assert len(engine.network().intent.instances) == 4
    assert engine.origins()["rules/web-to-api"] == (str(changes), 6)


def test_the_list_of_changes_of_the_page_is_one(run: Run, changes: Path) -> None:
    (block,) = (block for block in blocks("cli.md") if "changes:" in block)
    changes.write_text(block)
    ran = run("plan", "-f", str(changes))
    assert ran.code == 0
    assert "shop/web -> shop/api tcp/8081: gained" in ran.out
    assert "ops/prometheus -> shop/api, shop/web tcp/9090: lost (2 pairs" in ran.out


def test_the_examples_of_the_help_can_be_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rule.yaml").write_text("from: {tier: web}\nto: {tier: api}\nallow: [tcp/8081]\n")
    lines = [*run("put", "--help").out.splitlines(), *run("delete", "--help").out.splitlines()]
    examples = [line.strip() for line in lines if line.startswith("  bulkhead ")]
    assert len(examples) == 4
    for example in examples:
        said = shlex.split(example.replace("rule.yaml", str(tmp_path / "rule.yaml")))[1:]
        assert run(*said, "--dry-run").out.startswith("plan "), example


def test_problems_of_changes_have_their_lines(run: Run, changes: Path) -> None:
    changes.write_text(CHANGES.replace("tcp/8081", "tcp/99999").replace("delete", "remove"))
    ran = run("plan", "-f", str(changes))
    assert (ran.code, f"{changes}:10: changes[1].op: " in ran.err) == (2, True)
    changes.write_text(CHANGES.replace("tcp/8081", "tcp/99999"))
    ran = run("plan", "-f", str(changes))
    assert (ran.code, f"{changes}:9: rules[web-to-api].allow[0]: " in ran.err) == (2, True)


def test_changes_and_a_document_are_not_mixed(run: Run, changes: Path) -> None:
    changes.write_text(CHANGES + "vrfs: {more: {id: 300}}\n")
    ran = run("apply", "-f", str(changes), "--yes")
    assert (ran.code, "vrfs: unknown key" in ran.err) == (2, True)


def test_one_rule_is_previewed_confirmed_and_made(
    run: Run, engine: FakeController, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ("put", "rules", "web-to-api", "from={tier: web}", "to={tier: api}", "allow=[tcp/8081]")
    dry = run(*said, "--dry-run", "--flows")
    assert (dry.code, engine.revision()) == (0, 1)
    assert "shop/web -> shop/api tcp/8080: lost (class realtime)" in dry.out
    assert "actions=" in dry.out
    monkeypatch.setattr("sys.stdin", _Terminal("n\n"))
    assert (run(*said).code, engine.revision()) == (Exit.DECLINED, 1)
    monkeypatch.setattr("sys.stdin", _Terminal("y\n"))
    ran = run(*said, "class=realtime")
    assert (ran.code, engine.revision()) == (0, 2)
    assert "tcp/8081: gained" in ran.err
    assert ran.out.startswith("revision 2: applied\n\nname ")
    assert engine.history[-1][0].message == "put rules/web-to-api"


def test_nobody_to_ask_is_nothing_done(
    run: Run, engine: FakeController, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    ran = run("delete", "rules", "scrape")
    assert (ran.code, engine.revision()) == (Exit.INVALID, 1)
    assert "add --yes" in ran.err


def test_an_object_comes_from_a_file_and_what_is_said_counts(
    run: Run, engine: FakeController, tmp_path: Path
) -> None:
    file = tmp_path / "web-9.yaml"
    file.write_text("service: web\nhost: host-9\n")
    wrong = run("put", "instances", "web-9", "-f", str(file), "--yes")
    assert (wrong.code, f"{file}:2: instances.web-9.host: " in wrong.err) == (2, True)
    ran = run("put", "instances", "web-9", "-f", str(file), "host=host-2", "--yes", "-m", "more")
    assert ran.code == 0
    assert "02:b0:" in ran.out  # what is to be plugged in
    assert engine.network().intent.instances["web-9"].host == "host-2"
    assert engine.origins()["instances/web-9"] == (str(file), 1)
    assert engine.history[-1][0].message == "more"


def test_an_object_comes_as_json(run: Run, engine: FakeController) -> None:
    ran = run("put", "vrfs", "more", '{"id": 300}', "--yes", "--json")
    assert json.loads(ran.out)["object"] == {"name": "more", "id": 300}
    assert engine.network().intent.vrfs["more"].id == 300
    assert run("delete", "vrfs", "more", "--yes", "-m", "done").code == 0
    assert "more" not in engine.network().intent.vrfs
    assert engine.history[-1][0].message == "done"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (("put", "vrfs", "more", "300"), "expected KEY=VALUE or a JSON object, found 300"),
        (("put", "vrfs", "more", "id=[1"), "not YAML"),
        (("put", "vrfs", "more", "--yes", "id=3", "--why"), "unrecognized arguments: id=3 --why"),
        (("get", "vrfs", "business", "id=3"), "unrecognized arguments: id=3"),
        (("put", "vrfs", "more", "id=x"), "vrfs.more.id"),
        (("put", "switches", "edge-1", "x=1"), "invalid choice"),
        (("delete", "vrfs", "business", "--yes"), "vrfs.business"),
        (("delete", "rules", "nothing", "--yes"), "nothing"),
    ],
)
def test_what_cannot_be_is_told(
    run: Run, engine: FakeController, said: tuple[str, ...], message: str
) -> None:
    ran = run(*said)
    assert (ran.code, engine.revision()) == (2, 1)
    assert message in ran.err
