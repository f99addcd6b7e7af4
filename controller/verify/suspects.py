"""From doubts to packets: what to walk one by one because a link of its chain is not as it must be.

One packet for each class of packets that a doubt touches: members of a group behave alike, so two
of them speak for it, a plain and a nested one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Final

from controller.dataplane.pipeline import GATEWAY_MAC
from controller.model.identity import IdentityKey
from controller.model.intent import Instance
from controller.verify.conjunctions import NO_PERMITS, Permits
from controller.verify.faults import Fault
from controller.verify.groups import Chain, Pair
from controller.verify.index import EVERY_BIT, Index
from controller.verify.judge import Judge
from controller.verify.packet import ipv4, tagged, with_ports
from controller.verify.permits import Point, points
from controller.verify.probe import Question
from controller.verify.tables import Own, Place

_NOBODY: Final = "nobody"
_SPOOFED_PORT: Final = 40001
_OF_A_KIND: Final = 2


def faults(index: Index, judge: Judge) -> Iterator[Fault]:
    """Walk every suspect packet; those that go wrong."""
    for instance in _doubted_hosts(index):
        fault = judge.neighbourhood(instance)
        if fault is not None:
            yield fault
    for instance in _unanswered(index):
        fault = judge.neighbourhood(instance) or judge.others_arp(instance)
        if fault is not None:
            yield fault
    for question in _questions(index):
        fault = judge.connection(question)
        if fault is not None:
            yield fault
    yield from _spoofs(index, judge)


def pair_questions(index: Index, source: str, destination: str) -> Iterator[Question]:
    """Every class of packets from one instance to another, as rows and rules tell them apart."""
    instances = index.network.intent.instances
    near, far = _permits(index, source, destination)
    claims = index.wanted.claims(_key(index, source), _key(index, destination))
    for point in points(near, far, claims):
        yield Question(instances[source], instances[destination], *point)


def _questions(index: Index) -> Iterator[Question]:
    """Suspect packets, each once."""
    seen: set[tuple[str, str, Point | None]] = set()
    for source, destination, point in _suspects(index):
        if source == destination or (source, destination, point) in seen:
            continue
        seen.add((source, destination, point))
        if point is None:
            yield from pair_questions(index, source, destination)
        else:
            instances = index.network.intent.instances
            yield Question(instances[source], instances[destination], *point)
    for chain in index.doubts.chains:
        yield from _to_nobody(index, chain)


def _suspects(index: Index) -> Iterator[tuple[str, str, Point | None]]:
    """(source, destination, one packet or None for every class of them)."""
    doubts = index.doubts
    for pair, compared in doubts.pairs.items():
        for source, destination in _of_groups(index, pair):
            for difference in compared.differences:
                yield source, destination, difference.point
    for pair in doubts.ways:
        yield from ((s, d, None) for s, d in _of_groups(index, pair))
    for name in doubts.senders:
        yield from _both_ways(index, name, _everybody(index))
    for chain in doubts.chains:
        meant = index.meant(chain)
        if meant is not None:
            yield from _both_ways(index, meant, _at(index, chain.edge, chain.vrf))
    for far, name in doubts.origins:
        yield from _both_ways(index, name, _at(index, far))
    for switch in doubts.switches:
        yield from _crossing(index, switch)


def _both_ways(
    index: Index, name: str, others: Iterable[str]
) -> Iterator[tuple[str, str, Point | None]]:
    for other in others:
        yield name, other, None
        yield other, name, None


def _everybody(index: Index) -> list[str]:
    return [name for edge in index.edges for name in _at(index, edge)]


def _at(index: Index, edge: str, vrf: str | None = None) -> list[str]:
    """Two of each kind of instance at an edge, by identity and being nested; two may talk."""
    found: dict[object, list[str]] = {}
    for member in index.members.at(edge):
        kind = found.setdefault((member.key, bool(member.place.nested)), [])
        if vrf in (None, member.vrf) and len(kind) < _OF_A_KIND:
            kind.append(member.name)
    return [name for names in found.values() for name in names]


def _of_groups(index: Index, pair: Pair) -> Iterator[tuple[str, str]]:
    senders, receivers = index.sources.names(pair.source), index.targets.names(pair.target)
    for source in _some(index, senders):
        for destination in _some(index, receivers):
            yield source, destination


def _some(index: Index, names: Iterable[str]) -> list[str]:
    """Two plain members of a group, so that one is another than the sender, and two nested."""
    every = [index.members.by_name[name] for name in names]
    plain = [found.name for found in every if not found.place.nested]
    nested = [found.name for found in every if found.place.nested]
    return [*plain[:_OF_A_KIND], *nested[:_OF_A_KIND]]


def _crossing(index: Index, switch: str) -> Iterator[tuple[str, str, Point | None]]:
    """Packets that may meet a switch: those of its own instances, or all, for a fabric switch."""
    if index.network.topology.switches[switch].role == "edge":
        for name in _at(index, switch):
            yield from _both_ways(index, name, _everybody(index))
        return
    everybody = _everybody(index)
    for source in everybody:
        for destination in everybody:
            yield source, destination, None


def _doubted_hosts(index: Index) -> Iterator[Instance]:
    names = dict(index.doubts.senders)
    for switch in index.doubts.switches:
        names |= dict.fromkeys(_at(index, switch))
    return (index.network.intent.instances[name] for name in names)


def _unanswered(index: Index) -> Iterator[Instance]:
    """Those whose ARP meets entries that an edge lacks, or has too many."""
    for switch in index.doubts.switches:
        found = index.tables[switch].cells.get("answer.arp", {}).keys()
        missing, extra = EVERY_BIT - found, found - EVERY_BIT
        for member in index.members.at(switch):
            if _asks_so(member.own.ip, missing, extra):
                yield index.network.intent.instances[member.name]


def _asks_so(ip: int, missing: Iterable[tuple[int, ...]], extra: Iterable[tuple[int, ...]]) -> bool:
    """Whether somebody asks for others by what is missing, or for himself by what is too much."""
    return any(ip & bit == own for own, bit, _ in missing) or any(
        ip & bit == own and ip & bit == asked for own, bit, asked in extra
    )


def _to_nobody(index: Index, chain: Chain) -> Iterator[Question]:
    """Packets to an address that a VRF means nobody by, from somebody of each kind."""
    if index.meant(chain) is not None:
        return
    for name in _at(index, chain.edge, chain.vrf):
        source = index.network.intent.instances[name]
        stranger = replace(source, name=_NOBODY, ip=IPv4Address(chain.ip))
        near, far = _permits_to(index, name, chain)
        for point in points(near, far, ()):
            yield Question(source, stranger, *point)


def _spoofs(index: Index, judge: Judge) -> Iterator[Fault]:
    """Packets with addresses that are admitted at a place and are not those of who is there."""
    for edge, place in index.doubts.places:
        rightful = index.members.placed(edge, place)
        for own in index.tables[edge].senders.get(place, {}):
            if rightful is None or own != rightful.own:
                yield from _spoof(index, judge, edge, place, own)


def _spoof(index: Index, judge: Judge, edge: str, place: Place, own: Own) -> Iterator[Fault]:
    sender = index.tables[edge].senders[place][own]
    for ip in index.tables[edge].addresses(sender.vrf):
        target = index.tables[edge].target(sender.vrf, ip)
        permits = target and index.tables[edge].permitted(sender.source, target.destination)
        for point in points(permits, NO_PERMITS, ()) if permits else ():
            packet = with_ports(
                ipv4(
                    source_mac=own.mac,
                    target_mac=GATEWAY_MAC,
                    source=own.ip,
                    target=ip,
                    protocol=point.protocol,
                    dscp=point.dscp,
                ),
                source=_SPOOFED_PORT,
                target=point.port,
            )
            packet = tagged(packet, place.nested) if place.nested else packet
            subject = f"{IPv4Address(own.ip)} forged at {edge}, port {place.port}"
            fault = judge.spoof(edge, place.port, packet, subject)
            if fault is not None:
                yield fault
                return


def _key(index: Index, name: str) -> IdentityKey:
    return index.members.by_name[name].key


def _permits(index: Index, source: str, destination: str) -> tuple[Permits, Permits]:
    """The rows at both edges for a pair, by the numbers that their rows really carry."""
    there, here = index.members.by_name[destination], index.members.by_name[source]
    return _permits_to(index, source, Chain(here.edge, here.vrf, there.own.ip))


def _permits_to(index: Index, source: str, chain: Chain) -> tuple[Permits, Permits]:
    sender = index.sender(index.members.by_name[source])
    tables = index.tables.get(chain.edge)
    target = tables and tables.target(index.vrf_id(chain.vrf), chain.ip)
    if not (sender and tables and target):
        return NO_PERMITS, NO_PERMITS
    far = index.tables.get(index.far(chain, target) or "")
    pair = sender.source, target.destination
    return tables.permitted(*pair), far.permitted(*pair) if far else NO_PERMITS
