"""What is observed of ports and links is told as events; what is there at the start is not."""

from __future__ import annotations

from controller.journal import Journal
from controller.model.network import Facts
from controller.reports import MOST_PORTS, tell_facts


def test_ports_and_links_that_come_and_go_are_told() -> None:
    journal = Journal()
    before = Facts({("edge-1", "web-1"): 4, ("edge-1", "api-1"): 5}, frozenset({"h1"}))
    after = Facts({("edge-1", "web-1"): 6, ("edge-2", "api-1"): 5}, frozenset({"h2"}))
    tell_facts(before, after, journal)
    assert [(event.kind, dict(event.data)) for event in journal.since(0)] == [
        ("bound", {"switch": "edge-2", "count": 1, "ports": ["api-1"]}),
        ("unbound", {"switch": "edge-1", "count": 1, "ports": ["api-1"]}),
        ("link-down", {"link": "h2"}),
        ("link-up", {"link": "h1"}),
    ]


def test_many_ports_are_counted_and_the_first_are_named() -> None:
    journal = Journal()
    ports = {("edge-1", f"port-{number:05}"): number for number in range(1, MOST_PORTS + 11)}
    tell_facts(Facts(), Facts(ports), journal)
    (event,) = journal.since(0)
    assert event.data["count"] == MOST_PORTS + 10
    assert len(event.data["ports"]) == MOST_PORTS
