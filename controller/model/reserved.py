"""Addresses that no instance may have: those that segments reserve for what is not Bulkhead's."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address

from controller.model.intent import AddressRange, Intent, Segment


def merged(ranges: Iterable[AddressRange]) -> tuple[AddressRange, ...]:
    """The same addresses as the fewest ranges, in order."""
    found: list[AddressRange] = []
    for item in sorted(ranges):
        if found and int(item.first) <= int(found[-1].last) + 1:
            found[-1] = AddressRange(found[-1].first, max(found[-1].last, item.last))
        else:
            found.append(item)
    return tuple(found)


class Reserved:
    """The addresses that segments of one VRF reserve, as numbers: ask with ``in``."""

    __slots__ = ("_firsts", "_lasts", "_names")

    def __init__(self, segments: Iterable[Segment]) -> None:
        ranges = sorted(
            (int(item.first), int(item.last), segment.name)
            for segment in segments
            for item in segment.reserved
        )
        self._firsts = [first for first, _, _ in ranges]
        self._lasts = [last for _, last, _ in ranges]
        self._names = [name for _, _, name in ranges]

    def __contains__(self, number: int) -> bool:
        return bool(self._firsts) and self.segment_of(number) is not None

    def __bool__(self) -> bool:
        return bool(self._firsts)

    def segment_of(self, number: int) -> str | None:
        """The segment that reserves an address, None where none does.

        Subnets of a VRF do not overlap, so at most one does.
        """
        index = bisect_right(self._firsts, number) - 1
        return self._names[index] if index >= 0 and number <= self._lasts[index] else None


def reserved_of(intent: Intent) -> Mapping[str, Reserved]:
    """What each VRF's segments reserve."""
    by_vrf: dict[str, list[Segment]] = {vrf: [] for vrf in intent.vrfs}
    for segment in intent.segments.values():
        if segment.reserved:
            by_vrf[segment.vrf].append(segment)
    return {vrf: Reserved(segments) for vrf, segments in by_vrf.items()}


def unreserved(segment: Segment) -> Iterator[int]:
    """The host addresses of a segment's subnet that it does not reserve, as numbers, in order."""
    number, end = _hosts(segment)
    for item in segment.reserved:
        yield from range(number, min(int(item.first), end))
        number = max(number, int(item.last) + 1)
    yield from range(number, end)


def reserved_hosts(segment: Segment) -> int:
    """How many host addresses of its subnet a segment reserves, its gateway aside."""
    first, end = _hosts(segment)
    gateway = segment.gateway
    held = any(item.first <= gateway <= item.last for item in segment.reserved)
    sizes = (
        min(int(item.last) + 1, end) - max(int(item.first), first) for item in segment.reserved
    )
    return sum(max(0, size) for size in sizes) - held


def outside(segment: Segment) -> Iterator[AddressRange]:
    """What a segment reserves that is not all in its subnet."""
    first: IPv4Address = segment.subnet.network_address
    last: IPv4Address = segment.subnet.broadcast_address
    return (item for item in segment.reserved if item.first < first or item.last > last)


def _hosts(segment: Segment) -> tuple[int, int]:
    subnet = segment.subnet
    return int(subnet.network_address) + 1, int(subnet.broadcast_address)
