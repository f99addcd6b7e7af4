"""What `plan` said is what `apply` does: any change of any kind, through the real engine.

The plan's entries are held against what the switches held before and hold after; its groups of
services against what the intents open, packet by packet and class by class.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.control import Control
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program
from controller.dataplane.text import format_entry
from controller.model.encode import encode_intent
from controller.model.intent import PORT_MAX, Intent, PortRange
from controller.model.meaning import reachability
from controller.model.network import Network
from controller.model.reach import Reach
from controller.model.syntax import parse_ports
from controller.northbound.ports import Draft, Note, Write
from tests.chance import often
from tests.northbound.client import Client
from tests.northbound.engines import Obedient, plugged_for, running
from tests.strategies import intents, plugged, site
from tests.verify.test_plan_safety import changed

OTHER_PROTOCOL: Final = "sctp"  # only `any` allows it
UNMARKED: Final = 7  # a DSCP that no rule names

Body = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Packet:
    """The first packet of a connection between two services."""

    protocol: str
    port: int
    dscp: int


@settings(max_examples=often(8))
@given(st.data())
def test_what_a_plan_says_is_what_applying_it_does(data: DataObject) -> None:
    before = data.draw(intents(max_instances=6))
    after = data.draw(st.one_of(changed(before), intents(max_instances=6)))
    facts = plugged_for([plugged(intent, site()) for intent in (before, after)])
    asyncio.run(_there_and_back(Network(before, site(), facts), after))


async def _there_and_back(network: Network, after: Intent) -> None:
    control, switches = await running(network, after)
    client = Client(control)
    await in_place(control)
    by_document = "/v1/plan", {"document": encode_intent(after)}
    try_out = await client.send("POST", by_document[0], json=by_document[1])
    if try_out.status_code == 422:  # what only a move leaves behind, no document may ask for
        by_document = "/v1/revisions/1/restore?dry_run=true", {}
    await _plan_and_apply(client, control, switches, *by_document)
    await _plan_and_apply(client, control, switches, "/v1/revisions/2/restore?dry_run=true", {})
    await control.close()


async def in_place(control: Control) -> None:
    """Wait until every switch holds the newest revision: a write that changes nothing does."""
    same = Write(lambda network, origins: Draft(network.intent, origins, Note("", "")))
    outcome = (await control.submit(same, wait="applied", timeout_s=60)).outcome
    assert outcome.applied, outcome


async def _plan_and_apply(
    client: Client, control: Control, switches: Obedient, path: str, body: Body
) -> None:
    detail = "&" if "?" in path else "?"
    held, old = dict(switches.held), control.network().intent
    response = await client.send("POST", f"{path}{detail}detail=flows", json=dict(body))
    assert response.status_code == 200, response.text
    plan = response.json()
    done = (await client.send("POST", f"/v1/plans/{plan['plan']}/apply?timeout=60")).json()
    assert (done["applied"], done["changed"]) == (True, plan["changed"]), done
    entries_are(plan, held, switches.held)
    reach_is(plan["reach"], old, control.network().intent)


def entries_are(plan: Body, held: Mapping[str, Program], holds: Mapping[str, Program]) -> None:
    """The entries before, with what the plan adds, changes and removes, are those after."""
    for name in holds:
        texts = Counter(_texts(held[name]))
        said = plan["switches"].get(name, {"entries": {"added": [], "changed": [], "removed": []}})
        texts.subtract(item["entry"] for item in said["entries"]["removed"])
        texts.subtract(item["from"] for item in said["entries"]["changed"])
        assert not -texts, "the plan removes what was not there"
        texts.update(item["to"] for item in said["entries"]["changed"])
        texts.update(item["entry"] for item in said["entries"]["added"])
        assert +texts == Counter(_texts(holds[name]))
        for kind, entries in said["entries"].items():
            assert said.get(kind, 0) == len(entries)
    for kind in ("added", "changed", "removed"):
        assert plan["flows"][kind] == sum(s[kind] for s in plan["switches"].values())


def _texts(held: Program) -> Iterator[str]:
    return (format_entry(SHAPES[row.shape].entry(row)) for row in held.rows.values())


def reach_is(said: Body, before: Intent, after: Intent) -> None:
    """Every packet that passes otherwise than before is said to, and none that does not."""
    was, now = _Opened(before), _Opened(after)
    groups = {kind: _by_pair(said[kind]["groups"]) for kind in ("gained", "lost", "changed")}
    packets = _packets((before, after))
    for pair in {*was.pairs, *now.pairs, *(p for kind in groups.values() for p in kind)}:
        for packet in packets:
            old, new = was.carries(pair, packet), now.carries(pair, packet)
            kind = _kind(old, new)
            if kind is None:
                continue
            said_of = [g for g in groups[kind].get(pair, ()) if _has(g, packet)]
            assert said_of, f"{pair} {packet}: {old} -> {new} is not said"
            if kind == "changed":
                assert any((g["class_before"], g["class"]) == (old, new) for g in said_of)
    for kind, found in groups.items():
        for pair, listed in found.items():
            for group in listed:
                for packet in _witnesses(group):
                    old, new = was.carries(pair, packet), now.carries(pair, packet)
                    assert _kind(old, new) == kind, f"{pair} {packet}: {old} -> {new}"
    for kind in groups:
        assert said[kind]["pairs"] == sum(
            len(g["sources"]) * len(g["destinations"]) for g in said[kind]["groups"]
        )


def _kind(old: str | None, new: str | None) -> str | None:
    if old == new:
        return None
    if old is None:
        return "gained"
    return "lost" if new is None else "changed"


class _Opened:
    """What an intent opens from service to service, by its reachability."""

    def __init__(self, intent: Intent) -> None:
        self.pairs: dict[tuple[str, str], list[Reach]] = {}
        for reach in reachability(intent):
            self.pairs.setdefault((reach.source, reach.destination), []).append(reach)

    def carries(self, pair: tuple[str, str], packet: Packet) -> str | None:
        """The class that a packet travels in, None where it does not pass."""
        matching = [
            (reach.dscp is None, _width(ports), reach.rule, reach.qos_class)
            for reach in self.pairs.get(pair, ())
            for ports in reach.allow
            if reach.dscp in (None, packet.dscp) and _allows(ports, packet)
        ]
        return min(matching)[3] if matching else None


def _width(ports: PortRange) -> int:
    widths = {"any": PORT_MAX + 3, "icmp": PORT_MAX + 2}
    return widths.get(ports.protocol, ports.last - ports.first + 1)


def _allows(ports: PortRange, packet: Packet) -> bool:
    if ports.protocol == "any":
        return True
    return ports.protocol == packet.protocol and ports.first <= packet.port <= ports.last


def _packets(found: Iterable[Intent]) -> list[Packet]:
    """Packets on both sides of every place where a rule begins or ends."""
    rules = [rule for intent in found for rule in intent.rules.values()]
    ranges = [ports for rule in rules for ports in rule.allow]
    edges = {p for r in ranges for p in (r.first - 1, r.first, r.last, r.last + 1)} | {0}
    ports = sorted(edges & set(range(PORT_MAX + 1)))
    marks = sorted({rule.dscp for rule in rules if rule.dscp is not None} | {UNMARKED})
    kinds = [(p, n) for p in ("tcp", "udp") for n in ports] + [("icmp", 0), (OTHER_PROTOCOL, 0)]
    return [Packet(protocol, port, dscp) for protocol, port in kinds for dscp in marks]


def _by_pair(groups: Iterable[Body]) -> dict[tuple[str, str], list[Body]]:
    found: dict[tuple[str, str], list[Body]] = {}
    for group in groups:
        for source in group["sources"]:
            for destination in group["destinations"]:
                found.setdefault((source, destination), []).append(group)
    return found


def _has(group: Body, packet: Packet) -> bool:
    marked = group["dscp"] in (None, packet.dscp)
    return marked and any(_allows(parse_ports(text), packet) for text in group["allow"])


def _witnesses(group: Body) -> Iterator[Packet]:
    """A packet of each of a group's ranges, of the kind that no narrower rule is about."""
    dscp = UNMARKED if group["dscp"] is None else group["dscp"]
    for ports in map(parse_ports, group["allow"]):
        protocol = OTHER_PROTOCOL if ports.protocol == "any" else ports.protocol
        for port in {ports.first, ports.last} if protocol in ("tcp", "udp") else {0}:
            yield Packet(protocol, port, dscp)
