"""What the 32-bit registers hold while a packet is in the pipeline: named, disjoint bit ranges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.dataplane.fields import REGS, Bits


@dataclass(frozen=True, slots=True)
class Register:
    """A named range of a register, and what it means.

    ``zero`` is what 0 means, which is what the range holds before anything was written to it.
    Without that word the range must have been written on every way to where it is read.
    """

    name: str
    bits: Bits
    meaning: str
    zero: str = ""


IDENTITY_BITS: Final = 20
"""Width of an identity: two of them travel in the source MAC of a frame between switches."""


def _register(
    name: str, reg: int, offset: int, width: int, meaning: str, zero: str = ""
) -> Register:
    return Register(name, Bits(REGS[reg], offset, width), meaning, zero)


NOBODY: Final = "no instance: no row has it"

VRF: Final = _register(
    "vrf", 0, 0, 16, "VRF whose addresses the packet is read in", "no VRF: no row has it"
)
FAR: Final = _register(
    "far", 0, 16, 1, "whose edge judges: 1 is the receiver's", "the sender's edge judges"
)
SEGMENT: Final = _register("segment", 1, 0, 24, "wire tag number of the sender's segment")
SOURCE: Final = _register("source", 2, 0, IDENTITY_BITS, "sender's identity", NOBODY)
DESTINATION: Final = _register("destination", 3, 0, IDENTITY_BITS, "receiver's identity", NOBODY)
TARGET: Final = _register(
    "target", 4, 0, 24, "wire tag number of the receiver's segment", "no segment: no row has it"
)
EDGE: Final = _register("edge", 5, 0, 16, "number of the receiver's edge switch", "this one")
LANE: Final = _register(
    "lane", 5, 16, 16, "links it may use: a VRF id with links of its own", "the shared links"
)
PORT: Final = _register(
    "port", 6, 0, 16, "OpenFlow port to leave by", "no port: Open vSwitch sends nothing"
)
NESTED: Final = _register("nested", 6, 16, 12, "802.1Q id to leave with", "untagged")
ZONE: Final = _register(
    "zone", 7, 0, 16, "conntrack zone: the id of the instance judged for", NOBODY
)
TARGET_ZONE: Final = _register("target_zone", 7, 16, 16, "the receiver's conntrack zone", NOBODY)
CLASS: Final = _register("class", 8, 0, 6, "traffic class, named by its DSCP", "best effort")
PLANE: Final = _register("plane", 8, 8, 8, "forwarding plane", "the plane of least cost")
SCRATCH: Final = _register("scratch", 9, 0, 32, "an address, while an ARP answer swaps two")

TARGET_C: Final = Bits(TARGET.bits.field, 0, 12)
TARGET_S: Final = Bits(TARGET.bits.field, 12, 12)

ALL: Final = (
    *(VRF, FAR, SEGMENT, SOURCE, DESTINATION, TARGET, EDGE, LANE, PORT, NESTED),
    *(ZONE, TARGET_ZONE, CLASS, PLANE, SCRATCH),
)
