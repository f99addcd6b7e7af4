"""Who gains and loses reachability, as `plan` and the question of `apply` show it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from controller.cli.planned import OBJECTS_MAX
from controller.cli.reaching import GROUPS_MAX, reach
from controller.northbound.documents import dump_yaml
from tests.cli.conftest import Run
from tests.northbound.fakes import DOCUMENT


def group(**said: Any) -> dict[str, Any]:
    return {
        **{"sources": ["web"], "destinations": ["api"], "allow": ["tcp/8080"]},
        **{"rule": "a", "class": "realtime", "dscp": None, **said},
    }


def answer(**groups: list[dict[str, Any]]) -> dict[str, Any]:
    shown = {kind: groups.get(kind, []) for kind in ("gained", "lost", "changed")}
    return {
        "reach": {kind: {"pairs": len(found), "groups": found} for kind, found in shown.items()},
        "pairs": ["shop/web -> shop/api tcp/8080: gained"],
    }


def test_a_lost_pair_is_seen_however_many_are_gained(run: Run, tmp_path: Path) -> None:
    rule = {"from": {"tier": "web"}, "to": {"tier": "prometheus"}}
    many = [{**rule, "name": f"more-{n}", "allow": [f"tcp/{5000 + 2 * n}"]} for n in range(60)]
    file = tmp_path / "many.yaml"
    file.write_text(dump_yaml({**DOCUMENT, "rules": many}))
    lines = run("plan", "-f", str(file)).out.splitlines()
    lost = lines.index("  shop/web -> shop/api tcp/8080: lost (class realtime)")
    gained = [n for n, line in enumerate(lines) if ": gained" in line]
    assert len(gained) == GROUPS_MAX
    assert lost < gained[0]
    assert f"  + and {60 - OBJECTS_MAX} more added (--json has all)" in lines
    rest = 60 - GROUPS_MAX
    assert f"  and {rest} more groups gained, {rest} pairs (--json has all)" in lines


@pytest.mark.parametrize(
    ("kind", "said", "line"),
    [
        ("gained", {}, "shop/web -> shop/api tcp/8080: gained (class realtime)"),
        ("lost", {"dscp": 46}, "shop/web -> shop/api tcp/8080 marked DSCP 46: lost "),
        ("changed", {"class_before": "bulk"}, "tcp/8080: class bulk -> realtime"),
        (
            "lost",
            {"sources": ["a", "b", "c", "d", "e"], "allow": ["tcp/1-9", "icmp"]},
            "a, b, c and 2 more -> shop/api tcp/1-9, icmp: lost (5 pairs, class realtime)",
        ),
    ],
)
def test_a_group_is_one_line(kind: str, said: dict[str, Any], line: str) -> None:
    head, shown = reach(answer(**{kind: [group(**said)]}))
    assert line in shown
    gained, lost = int(kind == "gained"), int(kind == "lost")
    changed = ", 1 in another class" if kind == "changed" else ""
    assert head == f"{gained} {'pair' if gained else 'pairs'} gained, {lost} lost{changed}"
