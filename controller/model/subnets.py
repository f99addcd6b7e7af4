"""Subnets of segments: which addresses may be hosts', and the next free /24 of the pool."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from controller.model.draft import SegmentDraft
from controller.model.intent import Intent

SUBNET_POOL: Final = IPv4Network("10.128.0.0/9")
_STEP: Final = 256  # addresses of a /24, the subnet a segment gets


def is_host(address: IPv4Address, subnet: IPv4Network) -> bool:
    """Whether an address may be a host's in a subnet: inside, not its first and not its last."""
    return address in subnet and address not in (subnet.network_address, subnet.broadcast_address)


def unused(values: Iterable[int], taken: set[int]) -> Iterator[int]:
    """The values that are not taken; ``taken`` may grow while they are walked."""
    return (value for value in values if value not in taken)


@dataclass(slots=True)
class _Subnets:
    """The subnets taken in one VRF, and which /24 of the pool they touch."""

    networks: list[IPv4Network]
    blocked: set[int]

    def add(self, subnet: IPv4Network) -> None:
        self.networks.append(subnet)
        self.blocked.update(pool_indices(subnet))


def pool_indices(subnet: IPv4Network) -> range:
    """The indices of the /24 of the pool that a subnet overlaps."""
    base = int(SUBNET_POOL.network_address)
    first = max(int(subnet.network_address), base) - base
    last = min(int(subnet.broadcast_address), int(SUBNET_POOL.broadcast_address)) - base
    return range(first // _STEP, last // _STEP + 1) if first <= last else range(0)


def allocate_subnets(drafts: list[SegmentDraft], previous: Intent) -> dict[str, IPv4Network]:
    """A subnet for every segment: one that no VRF uses before one that only this VRF does not.

    Distinct subnets keep a later rule across VRFs from finding one address twice.
    """
    taken = {s.vrf: _Subnets([], set()) for s in drafts}
    found = {s.name: s.subnet for s in drafts if s.subnet is not None}
    for segment in drafts:
        if segment.subnet is not None:
            taken[segment.vrf].add(segment.subnet)
    for segment in drafts:
        held = previous.segments.get(segment.name)
        if segment.name not in found and held is not None:
            inside = taken[segment.vrf]
            if not any(held.subnet.overlaps(other) for other in inside.networks):
                found[segment.name] = held.subnet
                inside.add(held.subnet)
    everywhere: set[int] = set().union(*(subnets.blocked for subnets in taken.values()))
    indices = range(SUBNET_POOL.num_addresses // _STEP)
    unused_anywhere = unused(indices, everywhere)
    unused_here = {vrf: unused(indices, subnets.blocked) for vrf, subnets in taken.items()}
    for segment in drafts:
        if segment.name in found:
            continue
        index = next(unused_anywhere, None)
        if index is None:
            index = next(unused_here[segment.vrf], None)
        if index is not None:
            address = SUBNET_POOL.network_address + index * _STEP
            found[segment.name] = IPv4Network((address, 24))
            taken[segment.vrf].blocked.add(index)
    return found
