"""Checks of a whole intent whose references are whole: uniqueness, ranges together, views."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from controller.model.check_segments import check_segments
from controller.model.differences import different
from controller.model.identity import identities
from controller.model.intent import Instance, Intent, Segment
from controller.model.meaning import leaks
from controller.model.pairwise import check_pairs
from controller.model.positions import Path
from controller.model.problems import Problems
from controller.model.reserved import Reserved, reserved_of
from controller.model.subnets import is_host
from controller.model.unique import unique

_NOTHING: Final = Intent()


def check(intent: Intent, accepted: Callable[[Instance], bool], problems: Problems) -> None:
    """Reports what cannot be together.

    ``accepted`` tells whether an instance may have an address outside its segment's subnet.
    """
    check_kinds(intent, problems, _NOTHING)
    _check_instance_numbers(intent, problems)
    _check_ports(intent, problems)
    _check_addresses(intent, accepted, problems)
    _check_views(intent, problems)
    _check_pairs(intent, problems)


def check_kinds(intent: Intent, problems: Problems, before: Intent) -> None:
    """Reports VRFs, classes and segments that cannot be together; those of before can."""
    if (intent.vrfs, intent.classes) != (before.vrfs, before.classes):
        _check_numbers(intent, problems)
        _check_rates(intent, problems)
    check_segments(intent.segments, different(before.segments, intent.segments), problems)


def _check_numbers(intent: Intent, problems: Problems) -> None:
    unique(
        intent.vrfs,
        lambda vrf: vrf.id,
        lambda name, other, vrf: problems.add(
            ("vrfs", name, "id"), f"VRF id {vrf.id} is already that of VRF `{other}`"
        ),
    )
    unique(
        intent.classes,
        lambda c: c.dscp,
        lambda name, other, c: problems.add(
            ("classes", name, "dscp"),
            f"DSCP {c.dscp} is already that of class `{other}`; on the wire the DSCP is the class",
        ),
    )
    unique(
        intent.classes,
        lambda c: c.queue,
        lambda name, other, c: problems.add(
            ("classes", name, "queue"),
            f"queue {c.queue} is already that of class `{other}`; give each class its own",
        ),
    )


def _check_instance_numbers(intent: Intent, problems: Problems) -> None:
    unique(
        intent.instances,
        lambda i: i.id,
        lambda name, other, i: problems.add(
            ("instances", name, "id"), f"id {i.id} is already that of instance `{other}`"
        ),
    )
    unique(
        intent.instances,
        lambda i: i.mac,
        lambda name, other, i: problems.add(
            ("instances", name, "mac"),
            f"MAC address {i.mac} is already that of instance `{other}`",
        ),
    )


def _check_rates(intent: Intent, problems: Problems) -> None:
    total = sum(c.min_rate_permille for c in intent.classes.values())
    if total > 1000:
        names = ", ".join(f"`{c.name}`" for c in intent.classes.values() if c.min_rate_permille)
        problems.add(
            ("classes",),
            f"the `min_rate` of {names} add up to {total / 10:g}% of a link; at most 100% can be "
            "promised",
        )


def _check_ports(intent: Intent, problems: Problems) -> None:
    def report(name: str, other: str, instance: Instance) -> None:
        nested = f" with VLAN tag {instance.nested_vlan}" if instance.nested_vlan else ""
        key = "vlan" if instance.nested_vlan else "port"
        problems.add(
            ("instances", name, key),
            f"port `{instance.port}`{nested} on host `{instance.host}` is already that of "
            f"instance `{other}`",
        )

    unique(intent.instances, lambda i: (i.host, i.port, i.nested_vlan), report)


def _check_addresses(
    intent: Intent, accepted: Callable[[Instance], bool], problems: Problems
) -> None:
    homes = _homes(intent)
    for instance in intent.instances.values():
        segment = homes[instance.service]
        path: Path = ("instances", instance.name, "ip")
        if instance.ip not in segment.subnet:
            if not accepted(instance):
                problems.add(
                    path,
                    f"{instance.ip} is not in {segment.subnet}, the subnet of segment "
                    f"`{segment.name}`; only an instance that moved keeps such an address",
                )
        elif not is_host(instance.ip, segment.subnet):
            problems.add(path, f"{instance.ip} is not a host address of {segment.subnet}")


def _homes(intent: Intent) -> dict[str, Segment]:
    """The segment of every service."""
    by_tenant = {name: intent.segments[t.segment] for name, t in intent.tenants.items()}
    return {name: by_tenant[service.tenant] for name, service in intent.services.items()}


def _check_views(intent: Intent, problems: Problems) -> None:
    """Within one VRF's view every address is one instance's or one gateway's."""
    own: dict[str, list[Instance]] = {vrf: [] for vrf in intent.vrfs}
    by_service: dict[str, list[Instance]] = {}
    homes = _homes(intent)
    for instance in intent.instances.values():
        own[homes[instance.service].vrf].append(instance)
        by_service.setdefault(instance.service, []).append(instance)
    nobodys = _nobodys(intent)
    leaked = leaks(intent)
    for vrf, instances in own.items():
        seen: dict[object, Instance] = {}
        for instance in instances:
            _check_own(instance, vrf, nobodys[vrf], seen, problems)
        for service, rule in sorted(leaked[vrf].items()):
            for instance in by_service[service]:
                _check_leaked(intent, instance, vrf, rule, nobodys[vrf], seen, problems)


@dataclass(slots=True)
class _Nobodys:
    """The addresses of one VRF that no instance may have, and whose they are."""

    gateways: dict[IPv4Address, str]
    reserved: Reserved

    def why(self, address: IPv4Address) -> str | None:
        """What an address is, None where an instance may have it."""
        if address in self.gateways:
            return f"the gateway of segment `{self.gateways[address]}`"
        segment = self.reserved.segment_of(int(address))
        return None if segment is None else f"reserved by segment `{segment}`"


def _nobodys(intent: Intent) -> Mapping[str, _Nobodys]:
    reserved = reserved_of(intent)
    found = {vrf: _Nobodys({}, reserved[vrf]) for vrf in intent.vrfs}
    for segment in intent.segments.values():
        found[segment.vrf].gateways[segment.gateway] = segment.name
    return found


def _check_pairs(intent: Intent, problems: Problems) -> None:
    keys = identities(intent)
    services = {instance.service for instance in intent.instances.values()}
    check_pairs(intent, {keys[service] for service in services}, problems)


def _check_own(
    instance: Instance,
    vrf: str,
    nobodys: _Nobodys,
    seen: dict[object, Instance],
    problems: Problems,
) -> None:
    path: Path = ("instances", instance.name, "ip")
    other = seen.setdefault(instance.ip, instance)
    if other is not instance:
        problems.add(
            path, f"{instance.ip} is already that of instance `{other.name}` in VRF `{vrf}`"
        )
    why = nobodys.why(instance.ip)
    if why is not None:
        problems.add(path, f"{instance.ip} is {why} in VRF `{vrf}`; use another address")


def _check_leaked(
    intent: Intent,
    instance: Instance,
    vrf: str,
    rule: str,
    nobodys: _Nobodys,
    seen: dict[object, Instance],
    problems: Problems,
) -> None:
    other = seen.setdefault(instance.ip, instance)
    if other is not instance:
        twice = f"instance `{other.name}` of VRF `{intent.vrf_of(other).name}`"
    else:
        why = nobodys.why(instance.ip)
        if why is None:
            return
        twice = why
    problems.add(
        ("rules", rule),
        f"lets instance `{instance.name}` of VRF `{intent.vrf_of(instance).name}` be reached from "
        f"or reach VRF `{vrf}`, where {instance.ip} is also {twice}; name `vrf` in the rule's "
        "selectors or give one of them another address",
    )
