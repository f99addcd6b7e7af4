"""What the 32-bit registers hold while a packet is in the pipeline: named, disjoint bit ranges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.dataplane.fields import REGS, Bits


@dataclass(frozen=True, slots=True)
class Register:
    """A named range of a register, and what it means."""

    name: str
    bits: Bits
    meaning: str


IDENTITY_BITS: Final = 20
"""Width of an identity: two of them travel in the source MAC of a frame between switches."""


def _register(name: str, reg: int, offset: int, width: int, meaning: str) -> Register:
    return Register(name, Bits(REGS[reg], offset, width), meaning)


VRF: Final = _register("vrf", 0, 0, 16, "VRF whose addresses the packet is read in")
FAR: Final = _register(
    "far", 0, 16, 1, "0 while the sender's edge judges, 1 while the receiver's edge judges"
)
SEGMENT: Final = _register("segment", 1, 0, 24, "wire tag number of the sender's segment")
SOURCE: Final = _register("source", 2, 0, IDENTITY_BITS, "sender's identity")
DESTINATION: Final = _register("destination", 3, 0, IDENTITY_BITS, "receiver's identity")
TARGET: Final = _register("target", 4, 0, 24, "wire tag number of the receiver's segment")
EDGE: Final = _register("edge", 5, 0, 16, "number of the receiver's edge switch, 0 is this one")
LANE: Final = _register("lane", 5, 16, 16, "links it may use: a VRF id with links of its own, or 0")
PORT: Final = _register("port", 6, 0, 16, "OpenFlow port to leave by")
NESTED: Final = _register("nested", 6, 16, 12, "802.1Q id to leave with, 0 is untagged")
ZONE: Final = _register("zone", 7, 0, 16, "conntrack zone: the id of the instance judged for")
TARGET_ZONE: Final = _register("target_zone", 7, 16, 16, "the receiver's conntrack zone")
CLASS: Final = _register("class", 8, 0, 6, "traffic class, named by its DSCP")
PLANE: Final = _register("plane", 8, 8, 8, "forwarding plane")
SCRATCH: Final = _register("scratch", 9, 0, 32, "an address, while an ARP answer swaps two")

TARGET_C: Final = Bits(TARGET.bits.field, 0, 12)
TARGET_S: Final = Bits(TARGET.bits.field, 12, 12)

ALL: Final = (
    *(VRF, FAR, SEGMENT, SOURCE, DESTINATION, TARGET, EDGE, LANE, PORT, NESTED),
    *(ZONE, TARGET_ZONE, CLASS, PLANE, SCRATCH),
)
