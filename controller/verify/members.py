"""Who is where: instances by place, address and identity, as the intent and the facts have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from controller.model.identity import IdentityKey
from controller.model.intent import Instance
from controller.model.network import Network
from controller.verify.site import attachment
from controller.verify.tables import Own, Place
from controller.verify.wanted import Wanted


class Member(NamedTuple):
    """An instance with what follows from the rest of the intent. ``edge`` "": not plugged."""

    name: str
    edge: str
    place: Place
    own: Own
    vrf: str
    key: IdentityKey
    gateway: int


@dataclass(slots=True)
class Members:
    """Instances by name, by identity, by (VRF, address), and those plugged by edge and VRF.

    ``present`` counts those plugged at each edge by identity.
    """

    by_name: dict[str, Member] = field(default_factory=dict)
    by_key: dict[IdentityKey, dict[str, None]] = field(default_factory=dict)
    by_address: dict[tuple[str, int], str] = field(default_factory=dict)
    by_port: dict[tuple[str, int], dict[int, str]] = field(default_factory=dict)
    by_edge: dict[str, dict[str, dict[str, None]]] = field(default_factory=dict)
    present: dict[str, dict[IdentityKey, int]] = field(default_factory=dict)

    def put(self, member: Member) -> None:
        """Take an instance up; it must not be there."""
        self.by_name[member.name] = member
        self.by_key.setdefault(member.key, {})[member.name] = None
        self.by_address[member.vrf, member.own.ip] = member.name
        if member.edge:
            mine = self.by_port.setdefault((member.edge, member.place.port), {})
            mine[member.place.nested] = member.name
            here = self.by_edge.setdefault(member.edge, {})
            here.setdefault(member.vrf, {})[member.name] = None
            counts = self.present.setdefault(member.edge, {})
            counts[member.key] = counts.get(member.key, 0) + 1

    def drop(self, name: str) -> Member:
        """Forget an instance."""
        member = self.by_name.pop(name)
        mine = self.by_key[member.key]
        del mine[name]
        if not mine:
            del self.by_key[member.key]
        if self.by_address.get((member.vrf, member.own.ip)) == name:
            del self.by_address[member.vrf, member.own.ip]
        if member.edge:
            port = self.by_port[member.edge, member.place.port]
            if port.get(member.place.nested) == name:
                del port[member.place.nested]
            here = self.by_edge[member.edge]
            del here[member.vrf][name]
            if not here[member.vrf]:
                del here[member.vrf]
            counts = self.present[member.edge]
            counts[member.key] -= 1
            if not counts[member.key]:
                del counts[member.key]
        return member

    def placed(self, edge: str, place: Place) -> Member | None:
        """Who is plugged at a place."""
        name = self.by_port.get((edge, place.port), {}).get(place.nested)
        return None if name is None else self.by_name[name]

    def is_used(self, edge: str, port: int) -> bool:
        """Whether somebody is plugged at a port, under whatever tag."""
        return bool(self.by_port.get((edge, port)))

    def vrfs_at(self, edge: str) -> list[str]:
        """The VRFs with instances at an edge."""
        return list(self.by_edge.get(edge, ()))

    def at(self, edge: str) -> Iterator[Member]:
        """The instances plugged at an edge."""
        for names in self.by_edge.get(edge, {}).values():
            yield from (self.by_name[name] for name in names)

    def populated(self) -> frozenset[IdentityKey]:
        """The identities that have an instance."""
        return frozenset(self.by_key)

    def keys_at(self, edge: str) -> Mapping[IdentityKey, int]:
        """The identities of those plugged at an edge."""
        return self.present.get(edge, {})

    def of_key(self, key: IdentityKey) -> Iterator[Member]:
        """The instances of an identity."""
        return (self.by_name[name] for name in self.by_key.get(key, ()))


def member(network: Network, wanted: Wanted, instance: Instance) -> Member:
    """An instance as a member of a network."""
    spot = attachment(network, instance)
    segment = network.intent.segment_of(instance)
    return Member(
        name=instance.name,
        edge=spot[0] if spot else "",
        place=Place(spot[1] if spot else 0, instance.nested_vlan),
        own=Own(int(instance.mac.replace(":", ""), 16), int(instance.ip)),
        vrf=segment.vrf,
        key=wanted.keys[instance.service],
        gateway=int(segment.gateway),
    )
