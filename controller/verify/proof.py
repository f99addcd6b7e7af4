"""The proof that switches do what the intent means, for all pairs of identities at once.

A proof reads what switches really hold. It joins their rows to the intent
(:mod:`controller.verify.index`), doubts every link of a chain that is not as it must be, and walks
the packets that a doubt touches: what goes wrong is a fault, with the packet and its walk; a doubt
without such a packet changes nothing that anybody can see, and is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import Final

from controller.dataplane.cookie import Feature, is_ours, parse
from controller.dataplane.fields import PROTO_TCP, PROTO_UDP
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program
from controller.dataplane.shapes import Entry, relation
from controller.dataplane.text import format_entry
from controller.model.intent import PORT_MAX
from controller.model.network import Network
from controller.verify.check import questions
from controller.verify.classes import check_pairs
from controller.verify.faults import Fault
from controller.verify.groups import Chain
from controller.verify.index import Index
from controller.verify.judge import Judge
from controller.verify.members import Members, member
from controller.verify.points import Points
from controller.verify.site import Site
from controller.verify.suspects import faults
from controller.verify.tables import Tables
from controller.verify.wanted import Wanted
from controller.verify.ways import Ways

MOST_FAULTS: Final = 100
MOST_WALKED: Final = 200_000
"""Packets walked one by one because of entries that no shape has; a site of any size is bounded."""

_PORT_FIELDS: Final = {"tcp_dst": PROTO_TCP, "udp_dst": PROTO_UDP}
_FABRIC: Final = frozenset({"admit.transit", "class.transit", "class.stray", "deliver.transit"})


@dataclass(frozen=True, slots=True)
class Held:
    """What a switch holds: rows, entries that no shape has, cookies of those nobody can read."""

    rows: Program
    strays: tuple[Entry, ...] = ()
    unreadable: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof found. ``pairs``: pairs of identity groups; ``rows``: entries looked at."""

    faults: tuple[Fault, ...]
    switches: int
    rows: int
    pairs: int

    @property
    def holds(self) -> bool:
        """Whether switches do what the intent means."""
        return not self.faults


@dataclass(frozen=True)
class Ground:
    """What was proved, kept so that the next change is proved at its own size."""

    network: Network
    held: Mapping[str, Program]
    index: Index = field(repr=False)


def prove(network: Network, held: Mapping[str, Held]) -> Proof:
    """Prove everything. Switches that are not in ``held`` are not judged."""
    ground = survey(network, {name: found.rows for name, found in held.items()})
    strays = {name: found.strays for name, found in held.items() if found.strays}
    return conclude(ground, strays, {n: found.unreadable for n, found in held.items()})


def survey(network: Network, held: Mapping[str, Program]) -> Ground:
    """Join what switches hold to the intent, and doubt what is not as it must be."""
    wanted = Wanted.of(network.intent)
    tables = {name: Tables.of(rows) for name, rows in sorted(held.items())}
    people = Members()
    for instance in network.intent.instances.values():
        people.put(member(network, wanted, instance))
    index = Index(
        network=network,
        wanted=wanted,
        leaks=wanted.leaks(people.populated()),
        tables=tables,
        ways=Ways(network, tables),
        members=people,
    )
    check_all(index)
    return Ground(network, held, index)


def check_all(index: Index) -> None:
    """Look at every link of every chain."""
    for switch in index.tables:
        index.check_switch(switch)
    for name in index.members.by_name:
        index.check_sender(name)
        for edge in index.edges:
            index.check_origin(name, edge)
    for edge in index.edges:
        for place in index.tables[edge].senders:
            index.check_place(edge, place)
        for vrf in index.members.vrfs_at(edge):
            for ip in index.addresses(edge, vrf):
                index.check_chain(Chain(edge, vrf, ip))
    index.sources.news()
    index.targets.news()
    check_pairs(index)


def conclude(
    ground: Ground,
    strays: Mapping[str, tuple[Entry, ...]] = MappingProxyType({}),
    unreadable: Mapping[str, frozenset[int]] = MappingProxyType({}),
) -> Proof:
    """Walk the packets that doubts touch. A site without a doubt needs no walk."""
    index = ground.index
    found = [*_unreadable(unreadable), *_in_fabric(ground)]
    if index.doubts or strays:
        judge = Judge(Site(ground.network, ground.held, strays=strays))
        found += islice(faults(index, judge), MOST_FAULTS)
        if strays:
            found += islice(_astray(ground, judge, strays), MOST_FAULTS)
    once = {(fault.kind, fault.subject): fault for fault in reversed(found)}
    return Proof(
        faults=tuple(reversed(once.values()))[:MOST_FAULTS],
        switches=len(ground.held),
        rows=sum(map(len, ground.held.values())),
        pairs=index.wanted.pairs(),
    )


def _unreadable(found: Mapping[str, frozenset[int]]) -> Iterator[Fault]:
    for switch, cookies in found.items():
        for cookie in sorted(cookies):
            subject = f"{switch} holds an entry of cookie {cookie:#x}, {_purpose(cookie)}"
            expected = "entries that the verifier can read"
            yield Fault("unreadable", subject, expected, "fields or actions it does not know")


def _purpose(cookie: int) -> str:
    """What an entry that nobody can read says that it is for."""
    known = {feature.value: feature.name.lower() for feature in Feature}
    feature = known.get(parse(cookie).feature)
    return f"marked as ours, for {feature}" if is_ours(cookie) and feature else "not one of ours"


def _in_fabric(ground: Ground) -> Iterator[Fault]:
    """Rows on fabric switches that depend on an instance: 10,000 services must not change one."""
    for switch, tables in ground.index.tables.items():
        if ground.network.topology.switches[switch].role == "fabric":
            for kind, cells in tables.cells.items():
                if cells and kind not in _FABRIC and not kind.endswith(".drop"):
                    yield _of_an_instance(switch, kind, ground.held[switch])


def _of_an_instance(switch: str, kind: str, held: Program) -> Fault:
    """The first of a fabric switch's entries of a kind speaks for them all."""
    rows = [row for row in held if relation(row.shape) == kind]
    entry = SHAPES[rows[0].shape].entry(rows[0])
    more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
    return Fault(
        "fabric",
        f"{switch} holds entries of {kind}",
        "entries for edges, planes and classes",
        f"{format_entry(entry)}{more}",
        entry=entry,
    )


def _astray(
    ground: Ground, judge: Judge, strays: Mapping[str, tuple[Entry, ...]]
) -> Iterator[Fault]:
    """Every pair of instances, also at the ports and DSCPs that strange entries speak of.

    The first packet of a connection, its answer, and a later packet.
    """
    for name, found_at in ground.index.members.by_name.items():
        instance = ground.network.intent.instances[name]
        found = judge.neighbourhood(instance)
        if found is None and found_at.edge in strays:
            found = judge.others_arp(instance)
        if found is not None:
            yield found
    every = questions(ground.network, ground.held, _points_of(strays))
    for question in islice(every, MOST_WALKED):
        found = judge.connection(question) or judge.later_packet(question)
        if found is not None:
            yield found


def _points_of(strays: Mapping[str, tuple[Entry, ...]]) -> Points:
    matches = [match for entries in strays.values() for e in entries for match in e.match]
    ports = {
        (number, port)
        for match in matches
        if (number := _PORT_FIELDS.get(match.field)) is not None
        for port in (match.value - 1, match.value, match.value | PORT_MAX & ~match.mask)
        if 0 <= port <= PORT_MAX
    }
    numbers = {(match.value, 0) for match in matches if match.field == "ip_proto"}
    marks = {match.value for match in matches if match.field == "ip_dscp"}
    return Points(tuple(sorted(ports | numbers)), tuple(sorted(marks)))
