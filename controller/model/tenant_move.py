"""Moving a tenant, with its services and instances, to another segment: VLAN, VRF or both."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Literal, NoReturn

from controller.errors import Invalid, NotFound, Problem
from controller.model.change_objects import PUT, Change, change_objects
from controller.model.decode import decode_intent
from controller.model.encode import Tree, encode_object, tree_of
from controller.model.groups import belongings
from controller.model.intent import VLAN_ID_MAX, VLAN_ID_MIN, Intent, Segment, frozen
from controller.model.kept import kept_objects
from controller.model.problems import closest
from controller.model.subnets import bounds, overlap
from controller.model.syntax import NAME_MAX

Vlan = int | Literal["auto"] | None


def move_tenant(
    intent: Intent,
    tenant: str,
    *,
    segment: str | None = None,
    vrf: str | None = None,
    vlan: Vlan = None,
    readdress: bool = False,
) -> Intent:
    """The intent with a tenant in another segment; addresses stay unless ``readdress``.

    Either to a ``segment`` by name, or to a ``vrf`` and ``vlan`` (None is "auto"). The segment of
    that VRF with that VLAN id is joined; "auto" joins the VRF's segment with the same subnet when
    no tenant is in it (so a move there and back leaves nothing behind). Otherwise a segment
    ``<tenant>-<vrf>`` is made with the old one's subnet, gateway and reserved addresses. With
    ``readdress`` it gets a subnet of its own where the old one overlaps, and addresses that do not
    fit the new segment are allocated anew. A tenant that is there already gives the same intent.

    Raises :class:`errors.NotFound` without such a tenant and :class:`errors.Invalid`.
    """
    if tenant not in intent.tenants:
        raise NotFound(f"there is no tenant `{tenant}`{closest(tenant, intent.tenants)}")
    if (segment is None) == (vrf is None):
        _refuse("segment", "give either `segment`, or `vrf` and `vlan`")
    made: dict[str, object] | None = None
    if segment is not None:
        target = _by_name(intent, segment, vlan)
    else:
        target = _by_vrf(intent, tenant, vrf or "", vlan)
        if target not in intent.segments:
            made = _new_segment(intent, tenant, vrf or "", vlan, readdress)
    if target == intent.tenants[tenant].segment and not readdress:
        return intent
    body = {**encode_object("tenants", intent.tenants[tenant]), "segment": target}
    changes = [Change(PUT, "tenants", tenant, body)]
    if made is not None:
        changes.append(Change(PUT, "segments", target, made))
    after = None if readdress else change_objects(intent, changes, None)
    return after or kept_objects(intent, _whole(intent, changes, tenant, readdress=readdress))


def _whole(intent: Intent, changes: list[Change], tenant: str, *, readdress: bool) -> Intent:
    """By the whole document, whose reader says what is wrong."""
    tree = tree_of(intent)
    for change in changes:
        tree[change.collection][change.name] = change.body
    if not readdress:
        return decode_intent(tree, intent)
    return _decode_readdressed(tree, intent, tenant, tree["tenants"][tenant]["segment"])


def _refuse(path: str, message: str) -> NoReturn:
    raise Invalid((Problem(path, message),))


def _by_name(intent: Intent, segment: str, vlan: Vlan) -> str:
    if vlan is not None:
        _refuse("vlan", "belongs to `vrf`; a segment has its VLAN id")
    if segment not in intent.segments:
        hint = closest(segment, intent.segments)
        _refuse("segment", f"there is no segment `{segment}`{hint}")
    return segment


def _by_vrf(intent: Intent, tenant: str, vrf: str, vlan: Vlan) -> str:
    """The segment to join, or the name of the one to make."""
    if vrf not in intent.vrfs:
        _refuse("vrf", f"there is no VRF `{vrf}`{closest(vrf, intent.vrfs)}")
    if isinstance(vlan, int) and not VLAN_ID_MIN <= vlan <= VLAN_ID_MAX:
        _refuse("vlan", f"expected auto or a number in {VLAN_ID_MIN}..{VLAN_ID_MAX}, found {vlan}")
    home = intent.segments[intent.tenants[tenant].segment]
    if home.vrf == vrf and vlan in (home.vlan, "auto", None):
        return home.name
    occupied, subnet = belongings(intent, "tenants"), bounds(home.subnet)
    for segment in intent.segments.values():
        if segment.vrf != vrf:
            continue
        if isinstance(vlan, int):
            found = segment.vlan == vlan
        else:
            found = bounds(segment.subnet) == subnet and segment.name not in occupied
        if found:
            return segment.name
    return _free_name(intent, f"{tenant}-{vrf}")


def _free_name(intent: Intent, wanted: str) -> str:
    base, number = wanted[: NAME_MAX - 4].rstrip("-"), 1
    name = base
    while name in intent.segments:
        number += 1
        name = f"{base}-{number}"
    return name


def _new_segment(
    intent: Intent, tenant: str, vrf: str, vlan: Vlan, readdress: bool
) -> dict[str, object]:
    home = intent.segments[intent.tenants[tenant].segment]
    body: dict[str, object] = {"vrf": vrf, "vlan": "auto" if vlan is None else vlan}
    overlapping = _overlapping(intent, vrf, home)
    if overlapping is None:
        return {**encode_object("segments", home), **body}
    if not readdress:
        _refuse(
            "vrf",
            f"{home.subnet}, the subnet of tenant `{tenant}`, overlaps {overlapping.subnet} of "
            f"segment `{overlapping.name}` in VRF `{vrf}`; move to that segment "
            f"(`segment: {overlapping.name}`) or set `readdress` for new addresses",
        )
    return body


def _overlapping(intent: Intent, vrf: str, home: Segment) -> Segment | None:
    mine, there = bounds(home.subnet), (s for s in intent.segments.values() if s.vrf == vrf)
    return next((s for s in there if overlap(bounds(s.subnet), mine)), None)


def _decode_readdressed(tree: Tree, intent: Intent, tenant: str, target: str) -> Intent:
    """Forgets the addresses that do not fit the target's subnet, so that new ones are allocated."""
    text = tree["segments"][target].get("subnet")
    subnet = IPv4Network(text) if text is not None else None
    moving = {
        name: instance
        for name, instance in intent.instances.items()
        if intent.services[instance.service].tenant == tenant
    }
    for name in moving:
        del tree["instances"][name]["ip"]
    unfit = {name for name, i in moving.items() if subnet is None or i.ip not in subnet}
    kept = {name: i for name, i in intent.instances.items() if name not in unfit}
    return decode_intent(tree, replace(intent, instances=frozen(kept)))
