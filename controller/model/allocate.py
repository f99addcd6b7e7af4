"""Fills in what a document leaves out: pure, deterministic and sticky.

What is written wins; what the previous revision held under the same name stays while it is still
free; the rest gets the lowest free value, in the order of names. So the same document after the
same previous intent always gives the same values, and an unchanged object never changes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
    standing: Collection[Segment] = (),
) -> dict[str, Segment]:
    """The segments of drafts, beside those that stand: as if these were drafts with all given.

    One for which a pool is exhausted is reported and left out.
    """
    drafts = [segment for _, segment in sorted(given.items())]
    vlans = _vlans(drafts, previous, standing)
    pools = {name: vrf.pool for name, vrf in vrfs.items()}
    subnets = allocate_subnets(drafts, pools, previous, standing)
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


def _vlans(
    drafts: list[SegmentDraft], previous: Intent, standing: Collection[Segment]
) -> dict[str, int]:
    found = {s.name: s.vlan for s in drafts if s.vlan is not None}
    if len(found) == len(drafts):
        return found
    taken: dict[str, set[int]] = {s.vrf: set() for s in drafts}
    for segment in standing:
        if segment.vrf in taken:
            taken[segment.vrf].add(segment.vlan)
    for draft in drafts:
        if draft.name in found:
            taken[draft.vrf].add(found[draft.name])
    for draft in drafts:
        held = previous.segments.get(draft.name)
        if draft.name in found or held is None or held.vrf != draft.vrf:
            continue
        if held.vlan not in taken[draft.vrf]:
            found[draft.name] = held.vlan
            taken[draft.vrf].add(held.vlan)
    every = range(VLAN_ID_MIN, VLAN_ID_MAX + 1)
    pools = {vrf: unused(every, values) for vrf, values in taken.items()}
    for draft in drafts:
        if draft.name not in found:
            value = next(pools[draft.vrf], None)
            if value is not None:
                found[draft.name] = value
    return found
