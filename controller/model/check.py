"""Checks of a whole intent whose references are whole: uniqueness, ranges together, views."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from controller.model.identity import identities
from controller.model.intent import Instance, Intent, Segment
from controller.model.meaning import leaks
from controller.model.pairwise import check_pairs
from controller.model.positions import Path
from controller.model.problems import Problems
from controller.model.subnets import is_host

T = TypeVar("T")
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
    """Reports VRFs, classes and segments that cannot be together; the same as before can."""
    if (intent.vrfs, intent.classes) != (before.vrfs, before.classes):
        _check_numbers(intent, problems)
        _check_rates(intent, problems)
    if intent.segments is not before.segments:
        _check_segments(intent, problems)


def _unique(
    items: Mapping[str, T],
    key: Callable[[T], object],
    report: Callable[[str, str, T], None],
) -> None:
    """Calls ``report(name, name of the first, item)`` for each item whose key was there before."""
    first: dict[object, str] = {}
    for name, item in items.items():
        other = first.setdefault(key(item), name)
        if other != name:
            report(name, other, item)


def _check_numbers(intent: Intent, problems: Problems) -> None:
    _unique(
        intent.vrfs,
        lambda vrf: vrf.id,
        lambda name, other, vrf: problems.add(
            ("vrfs", name, "id"), f"VRF id {vrf.id} is already that of VRF `{other}`"
        ),
    )
    _unique(
        intent.classes,
        lambda c: c.dscp,
        lambda name, other, c: problems.add(
            ("classes", name, "dscp"),
            f"DSCP {c.dscp} is already that of class `{other}`; on the wire the DSCP is the class",
        ),
    )
    _unique(
        intent.classes,
        lambda c: c.queue,
        lambda name, other, c: problems.add(
            ("classes", name, "queue"),
            f"queue {c.queue} is already that of class `{other}`; give each class its own",
        ),
    )


def _check_instance_numbers(intent: Intent, problems: Problems) -> None:
    _unique(
        intent.instances,
        lambda i: i.id,
        lambda name, other, i: problems.add(
            ("instances", name, "id"), f"id {i.id} is already that of instance `{other}`"
        ),
    )
    _unique(
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


def _check_segments(intent: Intent, problems: Problems) -> None:
    _unique(
        intent.segments,
        lambda s: (s.vrf, s.vlan),
        lambda name, other, s: problems.add(
            ("segments", name, "vlan"),
            f"VLAN id {s.vlan} is already that of segment `{other}` in VRF `{s.vrf}`",
        ),
    )
    by_vrf: dict[str, list[Segment]] = {}
    for segment in intent.segments.values():
        by_vrf.setdefault(segment.vrf, []).append(segment)
        if not is_host(segment.gateway, segment.subnet):
            problems.add(
                ("segments", segment.name, "gateway"),
                f"{segment.gateway} is not a host address of the subnet {segment.subnet}",
            )
    for segments in by_vrf.values():
        _check_overlaps(segments, problems)


def _check_overlaps(segments: Iterable[Segment], problems: Problems) -> None:
    """One sweep by first address: whoever begins before the widest end so far overlaps it."""
    widest: Segment | None = None
    for segment in sorted(segments, key=lambda s: (s.subnet, s.name)):
        if widest is not None and segment.subnet.overlaps(widest.subnet):
            problems.add(
                ("segments", segment.name, "subnet"),
                f"{segment.subnet} overlaps {widest.subnet} of segment `{widest.name}` in VRF "
                f"`{segment.vrf}`; subnets may overlap only between VRFs",
            )
        if widest is None or segment.subnet.broadcast_address > widest.subnet.broadcast_address:
            widest = segment


def _check_ports(intent: Intent, problems: Problems) -> None:
    def report(name: str, other: str, instance: Instance) -> None:
        nested = f" with VLAN tag {instance.nested_vlan}" if instance.nested_vlan else ""
        key = "vlan" if instance.nested_vlan else "port"
        problems.add(
            ("instances", name, key),
            f"port `{instance.port}`{nested} on host `{instance.host}` is already that of "
            f"instance `{other}`",
        )

    _unique(intent.instances, lambda i: (i.host, i.port, i.nested_vlan), report)


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
    gateways: dict[str, dict[object, str]] = {vrf: {} for vrf in intent.vrfs}
    for segment in intent.segments.values():
        gateways[segment.vrf][segment.gateway] = segment.name
    leaked = leaks(intent)
    for vrf, instances in own.items():
        seen: dict[object, Instance] = {}
        for instance in instances:
            _check_own(instance, vrf, gateways[vrf], seen, problems)
        for service, rule in sorted(leaked[vrf].items()):
            for instance in by_service[service]:
                _check_leaked(intent, instance, vrf, rule, gateways[vrf], seen, problems)


def _check_pairs(intent: Intent, problems: Problems) -> None:
    keys = identities(intent)
    services = {instance.service for instance in intent.instances.values()}
    check_pairs(intent, {keys[service] for service in services}, problems)


def _check_own(
    instance: Instance,
    vrf: str,
    gateways: Mapping[object, str],
    seen: dict[object, Instance],
    problems: Problems,
) -> None:
    path: Path = ("instances", instance.name, "ip")
    other = seen.setdefault(instance.ip, instance)
    if other is not instance:
        problems.add(
            path, f"{instance.ip} is already that of instance `{other.name}` in VRF `{vrf}`"
        )
    if instance.ip in gateways:
        segment = gateways[instance.ip]
        problems.add(path, f"{instance.ip} is the gateway of segment `{segment}` in VRF `{vrf}`")


def _check_leaked(
    intent: Intent,
    instance: Instance,
    vrf: str,
    rule: str,
    gateways: Mapping[object, str],
    seen: dict[object, Instance],
    problems: Problems,
) -> None:
    other = seen.setdefault(instance.ip, instance)
    if other is not instance:
        twice = f"instance `{other.name}` of VRF `{intent.vrf_of(other).name}`"
    elif instance.ip in gateways:
        twice = f"the gateway of segment `{gateways[instance.ip]}`"
    else:
        return
    problems.add(
        ("rules", rule),
        f"lets instance `{instance.name}` of VRF `{intent.vrf_of(instance).name}` be reached from "
        f"or reach VRF `{vrf}`, where {instance.ip} is also {twice}; name `vrf` in the rule's "
        "selectors or give one of them another address",
    )
