"""Subnets of segments: which addresses may be hosts', and the next free /24 of a VRF's pool."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from controller.model.draft import SegmentDraft
from controller.model.intent import Intent, Segment

Bounds = tuple[int, int]
"""The first and the last address of a subnet, as numbers."""

_STEP: Final = 256  # addresses of a /24, the subnet a segment gets


def is_host(address: IPv4Address, subnet: IPv4Network) -> bool:
    """Whether an address may be a host's in a subnet: inside, not its first and not its last."""
    return address in subnet and address not in (subnet.network_address, subnet.broadcast_address)


def bounds(subnet: IPv4Network) -> Bounds:
    """The first and the last address of a subnet: many are quicker compared as numbers."""
    return int(subnet.network_address), int(subnet.broadcast_address)


def overlap(one: Bounds, other: Bounds) -> bool:
    """Whether two subnets have an address in common."""
    return one[0] <= other[1] and other[0] <= one[1]


def unused(values: Iterable[int], taken: set[int]) -> Iterator[int]:
    """The values that are not taken; ``taken`` may grow while they are walked."""
    return (value for value in values if value not in taken)


def blocks_of(pool: IPv4Network, subnet: IPv4Network | None = None) -> range:
    """The /24 of a pool, numbered by their addresses, or those of them that a subnet overlaps."""
    within = pool if subnet is None else subnet
    first = max(int(within.network_address), int(pool.network_address))
    last = min(int(within.broadcast_address), int(pool.broadcast_address))
    return range(first // _STEP, last // _STEP + 1) if first <= last else range(0)


class _Blocks:
    """The /24 of pools that are taken: in any VRF, and in each."""

    def __init__(self, pools: Mapping[str, IPv4Network]) -> None:
        self._pools = pools
        self._each = frozenset(pools.values())
        self._anywhere: set[int] = set()
        self._here: dict[str, set[int]] = {vrf: set() for vrf in pools}
        self._free_anywhere = {p: unused(blocks_of(p), self._anywhere) for p in self._each}
        self._free_here = {
            vrf: unused(blocks_of(pool), self._here[vrf]) for vrf, pool in pools.items()
        }

    def take(self, vrf: str, subnet: IPv4Network) -> None:
        for pool in self._each:
            self._anywhere.update(blocks_of(pool, subnet))
        self._here[vrf].update(blocks_of(self._pools[vrf], subnet))

    def next(self, vrf: str) -> IPv4Network | None:
        """The lowest that no VRF uses, or else that this one does not; it is taken then."""
        block = next(self._free_anywhere[self._pools[vrf]], None)
        if block is None:
            block = next(self._free_here[vrf], None)
        if block is None:
            return None
        self._anywhere.add(block)
        self._here[vrf].add(block)
        return IPv4Network((block * _STEP, 24))


def allocate_subnets(
    drafts: list[SegmentDraft],
    pools: Mapping[str, IPv4Network],
    previous: Intent,
    standing: Collection[Segment],
) -> dict[str, IPv4Network]:
    """A subnet for every draft: one that no VRF uses before one that only its own does not.

    Distinct subnets keep a later rule across VRFs from finding one address twice. ``pools`` has
    the pool of every VRF; ``standing`` are segments that have theirs.
    """
    if all(draft.subnet is not None for draft in drafts):
        return {draft.name: draft.subnet for draft in drafts if draft.subnet is not None}
    blocks = _Blocks(pools)
    networks: dict[str, list[Bounds]] = {vrf: [] for vrf in pools}
    found: dict[str, IPv4Network] = {}

    def take(vrf: str, subnet: IPv4Network) -> None:
        networks[vrf].append(bounds(subnet))
        blocks.take(vrf, subnet)

    def give(segment: SegmentDraft, subnet: IPv4Network) -> None:
        found[segment.name] = subnet
        take(segment.vrf, subnet)

    for other in standing:
        take(other.vrf, other.subnet)
    for segment in drafts:
        if segment.subnet is not None:
            give(segment, segment.subnet)
    for segment in drafts:
        held = previous.segments.get(segment.name)
        if segment.name not in found and held is not None:
            had = bounds(held.subnet)
            if not any(overlap(had, other) for other in networks[segment.vrf]):
                give(segment, held.subnet)
    for segment in drafts:
        if segment.name not in found:
            subnet = blocks.next(segment.vrf)
            if subnet is not None:
                found[segment.name] = subnet
    return found
