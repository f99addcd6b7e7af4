"""What an intent means, executable and independent of the compiler: the specification.

The default is deny. A rule allows what its selectors, ports and DSCP match, whatever VRFs its two
ends are in: a rule that matches across VRFs is what leaks the two addresses into each other's VRF.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from controller.model.identity import IdentityKey as IdentityKey
from controller.model.identity import identities as identities
from controller.model.identity import identity_key as identity_key
from controller.model.identity import identity_labels
from controller.model.intent import PORT_MAX, Instance, Intent, PortRange, Rule, frozen
from controller.model.reach import Reach as Reach
from controller.model.reach import gained_lost as gained_lost
from controller.model.reach import reachability as reachability
from controller.model.selection import LabelSets, class_of
from controller.model.selection import selects as selects

ICMP: Final = 1  # IANA protocol numbers
TCP: Final = 6
UDP: Final = 17
_NUMBERS: Final = {"icmp": ICMP, "tcp": TCP, "udp": UDP}
_ICMP_WIDTH: Final = PORT_MAX + 2  # wider than any range of ports
_ANY_WIDTH: Final = PORT_MAX + 3


@dataclass(frozen=True, slots=True)
class Decision:
    """The rule that allows a packet, and the class it travels in."""

    rule: str
    qos_class: str


def leaks(intent: Intent, populated: Collection[str] | None = None) -> dict[str, dict[str, str]]:
    """VRF to the services of other VRFs it can resolve, each with a rule that leaks it.

    Only services that have an instance count: ``populated``, by default those of the intent. Of
    several rules the one with the smallest name is given.
    """
    if populated is None:
        populated = {instance.service for instance in intent.instances.values()}
    members = _by_identity(intent, populated)
    index = LabelSets({key: identity_labels(key) for key in members})
    found: dict[str, dict[IdentityKey, str]] = {vrf: {} for vrf in intent.vrfs}
    for name, rule in sorted(intent.rules.items()):
        sources, destinations = index.matching(rule.source), index.matching(rule.destination)
        for ends, others in ((sources, destinations), (destinations, sources)):
            for vrf in {key[0] for key in ends}:
                for key in others:
                    if key[0] != vrf:
                        found[vrf].setdefault(key, name)
    return {
        vrf: {service: rule for key, rule in leaked.items() for service in members[key]}
        for vrf, leaked in found.items()
    }


def _by_identity(intent: Intent, services: Collection[str]) -> dict[IdentityKey, list[str]]:
    keys = identities(intent)
    found: dict[IdentityKey, list[str]] = {}
    for service in services:
        if service in keys:
            found.setdefault(keys[service], []).append(service)
    return found


def view(intent: Intent) -> Mapping[str, Mapping[IPv4Address, Instance]]:
    """The addresses each VRF can resolve: VRF name to address to instance.

    A VRF's own instances, and those of other VRFs that some rule pairs with one of its own, in
    either direction. A decoded intent has each address at most once in each view.
    """
    by_service: dict[str, list[Instance]] = {}
    for instance in intent.instances.values():
        by_service.setdefault(instance.service, []).append(instance)
    found: dict[str, dict[IPv4Address, Instance]] = {vrf: {} for vrf in intent.vrfs}
    for vrf, leaked in leaks(intent).items():
        for service in leaked:
            found[vrf].update((i.ip, i) for i in by_service[service])
    for instance in intent.instances.values():
        found[intent.vrf_of(instance).name][instance.ip] = instance
    return frozen({vrf: dict(sorted(addresses.items())) for vrf, addresses in found.items()})


def addressed(intent: Intent, source: Instance, ip: IPv4Address) -> Instance | None:
    """Who a packet of ``source`` to ``ip`` is for, None where nobody resolves."""
    return view(intent)[intent.vrf_of(source).name].get(ip)


def verdict(
    intent: Intent, source: Instance, destination: Instance, protocol: int, port: int, dscp: int
) -> Decision | None:
    """Whether the first packet of a connection may pass, and why; None is deny.

    ``protocol`` is the IP protocol number, ``port`` the destination port (ignored but for TCP and
    UDP), ``dscp`` what the sender marked. Replies of an allowed connection always pass. Of several
    rules that match, one with a DSCP wins, then the one with the fewest ports in the matching
    range (icmp and any are wider than every range), then the smallest name.
    """
    if source == destination:
        return None
    from_labels = intent.effective_labels(source.service)
    to_labels = intent.effective_labels(destination.service)
    matching: list[tuple[bool, int, str]] = []
    for rule in intent.rules.values():
        width = matched_width(rule, protocol, port)
        if (
            width is not None
            and rule.dscp in (None, dscp)
            and selects(rule.source, from_labels)
            and selects(rule.destination, to_labels)
        ):
            matching.append((rule.dscp is None, width, rule.name))
    if not matching:
        return None
    rule = intent.rules[min(matching)[2]]
    return Decision(rule.name, class_of(intent, rule, destination.service))


def width_of(ports: PortRange) -> int:
    """How wide a range is, for precedence: fewest ports first, then icmp, then any."""
    if ports.protocol in ("tcp", "udp"):
        return ports.last - ports.first + 1
    return _ICMP_WIDTH if ports.protocol == "icmp" else _ANY_WIDTH


def matched_width(rule: Rule, protocol: int, port: int) -> int | None:
    """The width of the narrowest range of a rule that matches, None when none does."""
    return narrowest(rule.allow, protocol, port)


def narrowest(allow: Collection[PortRange], protocol: int, port: int) -> int | None:
    """The width of the narrowest of some ranges that matches, None when none does."""
    widths = [width_of(ports) for ports in allow if _matches(ports, protocol, port)]
    return min(widths, default=None)


def _matches(ports: PortRange, protocol: int, port: int) -> bool:
    if ports.protocol == "any":
        return True
    if protocol != _NUMBERS[ports.protocol]:
        return False
    return protocol == ICMP or ports.first <= port <= ports.last
