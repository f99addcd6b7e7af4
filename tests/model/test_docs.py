"""The examples of the document references are true."""

from __future__ import annotations

import re
from pathlib import Path

from controller.model.change import apply_changes, decode_changes
from controller.model.decode import decode_intent
from controller.model.decode_topology import decode_topology
from controller.northbound.documents import load_text

DOCS = Path(__file__).parent.parent.parent / "docs"


def examples(page: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def test_the_intent_page_is_true() -> None:
    document, changes = examples("intent.md")
    tree, positions = load_text(document, "intent.md")
    intent = decode_intent(tree, positions=positions, hosts=frozenset({"host-1", "host-2"}))
    assert str(intent.instances["prometheus-1"].ip) == "10.64.0.2"
    tree, positions = load_text(changes, "intent.md")
    after = apply_changes(intent, decode_changes(tree, positions))
    assert "cart" in after.services


def test_the_topology_page_is_true() -> None:
    (document,) = examples("topology.md")
    tree, positions = load_text(document, "topology.md")
    topology = decode_topology(tree, positions)
    assert topology.links["h1-business"].rate_mbps == 50
    assert topology.links["h2-all"].latency_us == 2000
