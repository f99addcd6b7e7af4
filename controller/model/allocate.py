"""Fills in what a document leaves out: pure, deterministic and sticky.

What is written wins; what the previous revision held under the same name stays while it is still
free; the rest gets the lowest free value, in the order of names. So the same document after the
same previous intent always gives the same values, and an unchanged object never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network

from controller.model.allocate_instances import allocate_instances
from controller.model.draft import Draft, SegmentDraft
from controller.model.intent import (
    VLAN_ID_MAX,
    VLAN_ID_MIN,
    Intent,
    Segment,
    Vrf,
    frozen,
)
from controller.model.problems import Problems
from controller.model.subnets import allocate_subnets, is_host, unused


def allocate(draft: Draft, previous: Intent, problems: Problems) -> Intent:
    """The complete intent of a draft whose references are whole.

    An object for which a pool is exhausted is reported and left out, with what depends on it.
    """
    segments = allocate_segments(draft.segments, draft.vrfs, previous, problems)
    tenants = {n: t for n, t in draft.tenants.items() if t.segment in segments}
    services = {n: s for n, s in draft.services.items() if s.tenant in tenants}
    partial = Intent(
        vrfs=frozen(draft.vrfs),
        classes=frozen(draft.classes),
        segments=frozen(segments),
        tenants=frozen(tenants),
        services=frozen(services),
        rules=frozen(draft.rules),
    )
    instances = [i for _, i in sorted(draft.instances.items()) if i.service in services]
    return allocate_instances(partial, instances, previous, problems)


def allocate_segments(
    given: Mapping[str, SegmentDraft],
    vrfs: Mapping[str, Vrf],
    previous: Intent,
    problems: Problems,
) -> dict[str, Segment]:
    """The segments of drafts; one for which a pool is exhausted is reported and left out."""
    drafts = [segment for _, segment in sorted(given.items())]
    vlans = _vlans(drafts, previous)
    subnets = allocate_subnets(drafts, {n: vrf.pool for n, vrf in vrfs.items()}, previous)
    found: dict[str, Segment] = {}
    for segment in drafts:
        vlan, subnet = vlans.get(segment.name), subnets.get(segment.name)
        path = ("segments", segment.name)
        if vlan is None:
            pool = f"VLAN ids of VRF `{segment.vrf}` ({VLAN_ID_MIN}..{VLAN_ID_MAX})"
            problems.add(path, f"no free value is left in the {pool}; delete unused segments")
        if subnet is None:
            pool = f"subnets of VRF `{segment.vrf}` (/24 of its pool {vrfs[segment.vrf].pool})"
            remedy = "delete unused segments, give a `subnet`, or give the VRF a wider `pool`"
            problems.add(path, f"no free value is left in the {pool}; {remedy}")
        if vlan is not None and subnet is not None:
            gateway = segment.gateway or _gateway(segment.name, subnet, previous)
            found[segment.name] = Segment(
                segment.name, segment.vrf, vlan, subnet, gateway, segment.reserved
            )
    return found


def _gateway(name: str, subnet: IPv4Network, previous: Intent) -> IPv4Address:
    held = previous.segments.get(name)
    first = subnet.network_address + 1
    return held.gateway if held and is_host(held.gateway, subnet) else first


def _vlans(drafts: list[SegmentDraft], previous: Intent) -> dict[str, int]:
    def sticky(segment: SegmentDraft) -> int | None:
        held = previous.segments.get(segment.name)
        return held.vlan if held and held.vrf == segment.vrf else None

    return _per_vrf(
        drafts,
        given=lambda segment: segment.vlan,
        sticky=sticky,
        pool=lambda taken: unused(range(VLAN_ID_MIN, VLAN_ID_MAX + 1), taken),
    )


def _per_vrf(
    drafts: list[SegmentDraft],
    given: Callable[[SegmentDraft], int | None],
    sticky: Callable[[SegmentDraft], int | None],
    pool: Callable[[set[int]], Iterator[int]],
) -> dict[str, int]:
    found = {s.name: value for s in drafts if (value := given(s)) is not None}
    taken: dict[str, set[int]] = {s.vrf: set() for s in drafts}
    for segment in drafts:
        if segment.name in found:
            taken[segment.vrf].add(found[segment.name])
    for segment in drafts:
        value = sticky(segment)
        if segment.name not in found and value is not None and value not in taken[segment.vrf]:
            found[segment.name] = value
            taken[segment.vrf].add(value)
    pools = {vrf: pool(values) for vrf, values in taken.items()}
    for segment in drafts:
        if segment.name not in found:
            value = next(pools[segment.vrf], None)
            if value is not None:
                found[segment.name] = value
    return found
