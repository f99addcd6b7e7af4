"""Allocates what instances leave out: id, MAC and IP address.

An address is free when none of the VRFs that can resolve the instance (its own, and those that a
rule leaks it into) resolves that address to another instance or answers it as a gateway.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from itertools import filterfalse
from typing import Final

from controller.model.draft import InstanceDraft
from controller.model.intent import INSTANCE_ID_MAX, Instance, Intent, frozen
from controller.model.meaning import leaks
from controller.model.problems import Problems
from controller.model.reserved import reserved_of, unreserved
from controller.model.subnets import is_host

MAC_PREFIX: Final = "02:b0"  # locally administered (IEEE 802-2014 section 8.2.2)
_Views = frozenset[str]


@dataclass(frozen=True, slots=True)
class Held:
    """What instances that are not among the drafts hold, and whom VRFs resolve.

    ``addresses``: VRF to those that it resolves or answers; ``views``: the VRFs that resolve a
    service's instances.
    """

    addresses: Mapping[str, tuple[Container[int], ...]]
    views: Mapping[str, _Views]
    ids: Container[int] = field(default_factory=frozenset)
    macs: Container[str] = field(default_factory=frozenset)


def allocate_instances(
    partial: Intent, drafts: list[InstanceDraft], previous: Intent, problems: Problems
) -> Intent:
    """``partial`` with its instances; an instance for which a pool is exhausted is reported."""
    held = _held_by_none(partial, drafts)
    instances = allocate_among(partial, drafts, held, previous, problems)
    return replace(partial, instances=frozen(instances))


def _held_by_none(partial: Intent, drafts: list[InstanceDraft]) -> Held:
    """All instances are drafts: only gateways have their addresses."""
    populated = {draft.service for draft in drafts}
    views = {
        name: {partial.segments[partial.tenants[partial.services[name].tenant].segment].vrf}
        for name in populated
    }
    for vrf, leaked in leaks(partial, populated).items():
        for service in leaked:
            views[service].add(vrf)
    gateways: dict[str, set[int]] = {vrf: set() for vrf in partial.vrfs}
    for segment in partial.segments.values():
        gateways[segment.vrf].add(int(segment.gateway))
    return Held(
        addresses={vrf: (some,) for vrf, some in gateways.items()},
        views={name: frozenset(vrfs) for name, vrfs in views.items()},
    )


def allocate_among(
    partial: Intent,
    drafts: list[InstanceDraft],
    held: Held,
    previous: Intent,
    problems: Problems,
) -> dict[str, Instance]:
    """The instances of drafts, in the order of their names, beside those that hold something.

    That two written values are not the same is left to the checks.
    """
    ids = _ids(drafts, held, previous, problems)
    drafts = [draft for draft in drafts if draft.name in ids]
    macs = _macs(drafts, ids, held, previous)
    addresses = _Addresses(partial, drafts, held).allocate(drafts, previous, problems)
    return {
        draft.name: Instance(
            name=draft.name,
            service=draft.service,
            host=draft.host,
            id=ids[draft.name],
            port=draft.port,
            mac=macs[draft.name],
            ip=addresses[draft.name],
            nested_vlan=draft.nested_vlan,
        )
        for draft in drafts
        if draft.name in addresses
    }


def _ids(
    drafts: list[InstanceDraft], held: Held, previous: Intent, problems: Problems
) -> dict[str, int]:
    found = {draft.name: draft.id for draft in drafts if draft.id is not None}
    taken = set(found.values())
    for draft in drafts:
        before = previous.instances.get(draft.name)
        if draft.name not in found and before is not None and before.id not in taken:
            found[draft.name] = before.id
            taken.add(before.id)
    every = range(1, INSTANCE_ID_MAX + 1)
    free = filterfalse(held.ids.__contains__, every)  # passes over thousands without a step of ours
    unused = (number for number in free if number not in taken)
    for draft in drafts:
        if draft.name in found:
            continue
        number = next(unused, None)
        if number is None:
            problems.add(
                ("instances", draft.name),
                f"no free value is left in the instance ids of the site (1..{INSTANCE_ID_MAX}); "
                "delete unused instances",
            )
        else:
            found[draft.name] = number
    return found


def _macs(
    drafts: list[InstanceDraft], ids: Mapping[str, int], held: Held, previous: Intent
) -> dict[str, str]:
    found = {draft.name: draft.mac for draft in drafts if draft.mac is not None}
    taken = set(found.values())
    for draft in drafts:
        before = previous.instances.get(draft.name)
        if draft.name not in found and before is not None and before.mac not in taken:
            found[draft.name] = before.mac
            taken.add(before.mac)
    for draft in drafts:
        if draft.name not in found:
            some = _macs_of(ids[draft.name])
            found[draft.name] = next(m for m in some if m not in taken and m not in held.macs)
            taken.add(found[draft.name])
    return found


def _macs_of(number: int) -> Iterator[str]:
    """The MAC addresses an id may get: 65536 for at most 65535 instances, so one is free."""
    low = f"{number >> 8:02x}:{number & 0xFF:02x}"
    return (f"{MAC_PREFIX}:{n >> 8:02x}:{n & 0xFF:02x}:{low}" for n in range(1 << 16))


class _Addresses:
    """The addresses taken in each view, and cursors over the subnets' hosts."""

    def __init__(self, partial: Intent, drafts: list[InstanceDraft], held: Held) -> None:
        self._segments = {
            name: partial.segments[partial.tenants[partial.services[name].tenant].segment]
            for name in {draft.service for draft in drafts}
        }
        self._views = held.views
        self._held_by_others = held.addresses
        self._taken: dict[str, set[int]] = {vrf: set() for vrf in partial.vrfs}
        self._reserved = reserved_of(partial)
        self._cursors: dict[tuple[str, _Views], Iterator[int]] = {}

    def allocate(
        self, drafts: list[InstanceDraft], previous: Intent, problems: Problems
    ) -> dict[str, IPv4Address]:
        found: dict[str, IPv4Address] = {}
        for draft in drafts:
            if draft.ip is not None:
                found[draft.name] = draft.ip
                self._take(draft.service, int(draft.ip))
        for draft in drafts:
            address = self._held(draft, previous) if draft.name not in found else None
            if address is not None and self._free(draft.service, int(address)):
                found[draft.name] = address
                self._take(draft.service, int(address))
        for draft in drafts:
            if draft.name not in found:
                number = self._next(draft.service)
                if number is None:
                    segment = self._segments[draft.service]
                    problems.add(
                        ("instances", draft.name),
                        f"no free address is left in {segment.subnet}, the subnet of segment "
                        f"`{segment.name}`; use another segment or a wider subnet"
                        f"{', or reserve fewer of its addresses' if segment.reserved else ''}",
                    )
                else:
                    found[draft.name] = IPv4Address(number)
                    self._take(draft.service, number)
        return found

    def _held(self, draft: InstanceDraft, previous: Intent) -> IPv4Address | None:
        """What the instance had, unless its own segment's subnet was changed under it."""
        held = previous.instances.get(draft.name)
        if held is None:
            return None
        segment, before = self._segments[draft.service], previous.segment_of(held)
        if held.ip in segment.subnet:
            return held.ip if is_host(held.ip, segment.subnet) else None
        renumbered = segment.name == before.name and held.ip in before.subnet
        return None if renumbered else held.ip

    def _free(self, service: str, number: int) -> bool:
        return not any(
            number in self._taken[vrf]
            or number in self._reserved[vrf]
            or any(number in some for some in self._held_by_others[vrf])
            for vrf in self._views[service]
        )

    def _take(self, service: str, number: int) -> None:
        for vrf in self._views[service]:
            self._taken[vrf].add(number)

    def _next(self, service: str) -> int | None:
        """The lowest free host; what is taken never becomes free, so a cursor need not go back."""
        segment, views = self._segments[service], self._views[service]
        key = (segment.name, views)
        if key not in self._cursors:
            self._cursors[key] = unreserved(segment)
        return next((n for n in self._cursors[key] if self._free(service, n)), None)
