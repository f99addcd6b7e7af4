"""The 64-bit cookie: owner (16) | generation (8) | feature (8) | object (32), high bits first.

The owner says that an entry is ours, also after a restart. The generation is that of the pipeline
layout. The feature is the table's purpose; the object is what the entry exists for.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

OWNER: Final = 0xB047
OWNER_MASK: Final = 0xFFFF << 48
GENERATION: Final = 1


class Feature(IntEnum):
    """Why an entry exists; what the cookie's object number names is in each comment."""

    DEFAULT = 0  # nothing: the table's own entry
    ADMIT = 1  # an instance's id
    WIRE = 2  # a link's or segment's wire tag number
    ORIGIN = 3  # an instance's id
    ANSWER = 4  # a segment's wire tag number; 0 is every ARP request
    RESOLVE = 5  # an instance's id
    PERMIT = 6  # a rule's number
    CLASS = 7  # a class's DSCP
    DELIVER = 8  # an edge switch's number
    SHARE = 9  # an identity's number, or a protocol and a port
    DHCP = 10  # a segment's wire tag number; 0 is whoever has no address yet


class Cookie(NamedTuple):
    """A cookie's parts."""

    owner: int
    generation: int
    feature: int
    object: int


def cookie(feature: Feature, number: int = 0) -> int:
    """Our cookie for an object of a feature."""
    return OWNER << 48 | GENERATION << 40 | feature << 32 | number & 0xFFFFFFFF


def parse(value: int) -> Cookie:
    """The parts of any cookie."""
    return Cookie(value >> 48, value >> 40 & 0xFF, value >> 32 & 0xFF, value & 0xFFFFFFFF)


def is_ours(value: int) -> bool:
    """Whether an entry with this cookie was made by this controller."""
    return value >> 48 == OWNER
