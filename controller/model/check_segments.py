"""Checks of segments that came or differ: alone, and beside the others of their VRFs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from controller.model.intent import Segment
from controller.model.problems import Problems
from controller.model.reserved import outside
from controller.model.subnets import bounds, is_host
from controller.model.syntax import range_text
from controller.model.unique import unique


def check_segments(
    segments: Mapping[str, Segment], names: Collection[str], problems: Problems
) -> None:
    """Reports segments that cannot be together; all but those of some names can."""
    mine = [segments[name] for name in sorted(names) if name in segments]
    if not mine:
        return  # without a look at the others
    by_vrf: dict[str, list[Segment]] = {segment.vrf: [] for segment in mine}
    beside = {name: segment for name, segment in segments.items() if segment.vrf in by_vrf}
    _check_vlans(beside, problems)
    for segment in mine:
        _check_alone(segment, problems)
    for segment in beside.values():
        by_vrf[segment.vrf].append(segment)
    for some in by_vrf.values():
        _check_overlaps(some, problems)


def _check_vlans(segments: Mapping[str, Segment], problems: Problems) -> None:
    unique(
        segments,
        lambda s: (s.vrf, s.vlan),
        lambda name, other, s: problems.add(
            ("segments", name, "vlan"),
            f"VLAN id {s.vlan} is already that of segment `{other}` in VRF `{s.vrf}`",
        ),
    )


def _check_alone(segment: Segment, problems: Problems) -> None:
    if not is_host(segment.gateway, segment.subnet):
        problems.add(
            ("segments", segment.name, "gateway"),
            f"{segment.gateway} is not a host address of the subnet {segment.subnet}",
        )
    for item in outside(segment):
        problems.add(
            ("segments", segment.name, "reserved"),
            f"{range_text(item)} is not in the subnet {segment.subnet}; reserve addresses of "
            "the segment's own subnet",
        )


def _check_overlaps(segments: Iterable[Segment], problems: Problems) -> None:
    """One sweep by first address: whoever begins before the widest end so far overlaps it."""
    every = [(*bounds(segment.subnet), segment.name, segment) for segment in segments]
    widest, end = None, -1
    for first, last, _name, segment in sorted(every, key=_by_address):
        if widest is not None and first <= end:
            problems.add(
                ("segments", segment.name, "subnet"),
                f"{segment.subnet} overlaps {widest.subnet} of segment `{widest.name}` in VRF "
                f"`{segment.vrf}`; subnets may overlap only between VRFs",
            )
        if last > end:
            widest, end = segment, last


def _by_address(item: tuple[int, int, str, Segment]) -> tuple[int, int, str]:
    first, last, name, _segment = item
    return first, -last, name
