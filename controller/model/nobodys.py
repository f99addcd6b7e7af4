"""Addresses that no instance may have: what segments answer for or reserve, followed by change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from controller.model.differences import different
from controller.model.groups import grouped, regrouped
from controller.model.intent import Intent, Segment
from controller.model.reserved import Reserved, reserved_of

_NONE: Final[frozenset[int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Nobodys:
    """Of every VRF, the gateways of its segments and what they reserve, as numbers."""

    gateways: Mapping[str, frozenset[int]]
    reserved: Mapping[str, Reserved]

    def has(self, vrf: str, address: int) -> bool:
        """Whether an address is nobody's in a VRF."""
        return address in self.gateways[vrf] or address in self.reserved[vrf]

    def after(self, before: Intent, intent: Intent) -> Nobodys:
        """Those of another intent; ``before`` is the one that these are of."""
        vrfs = intent.vrfs is before.vrfs
        if vrfs and intent.segments is before.segments:
            return self
        names = different(before.segments, intent.segments)
        gone = [before.segments[name] for name in names if name in before.segments]
        come = [intent.segments[name] for name in names if name in intent.segments]
        gateways = regrouped(self.gateways, map(_gateway, gone), map(_gateway, come))
        same = vrfs and not any(segment.reserved for segment in (*gone, *come))
        return Nobodys(
            _of_every_vrf(intent, gateways), self.reserved if same else reserved_of(intent)
        )


def nobodys(intent: Intent) -> Nobodys:
    """The addresses of an intent that no instance may have."""
    gateways = grouped(map(_gateway, intent.segments.values()))
    return Nobodys(_of_every_vrf(intent, gateways), reserved_of(intent))


def taken(segments: Collection[Segment], view: Mapping[int, str]) -> bool:
    """Whether somebody in a VRF's view has what some of its segments answer for or reserve."""
    if any(int(segment.gateway) in view for segment in segments):
        return True
    reserved = Reserved(segments)
    return bool(reserved) and any(address in reserved for address in view)


def _of_every_vrf(
    intent: Intent, gateways: Mapping[str, frozenset[int]]
) -> Mapping[str, frozenset[int]]:
    return {vrf: gateways.get(vrf, _NONE) for vrf in intent.vrfs}


def _gateway(segment: Segment) -> tuple[str, int]:
    return segment.vrf, int(segment.gateway)
