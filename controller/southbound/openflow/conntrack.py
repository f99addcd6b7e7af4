"""Messages that make Open vSwitch forget connections: NXT_CT_FLUSH and NXT_CT_FLUSH_ZONE.

Sources: ``ovs-ofctl ct-flush`` and ``ct-flush-zone`` of Open vSwitch 3.1, whose bytes a test
compares with these; ovs-ofctl(8), ct-flush.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from controller.dataplane.fields import PROTO_ICMP
from controller.diff.cut import Cut
from controller.southbound.openflow.messages import Type, message

_NX_VENDOR: Final = 0x2320
_FLUSH_ZONE: Final = 29
_FLUSH: Final = 32
_EXPERIMENTER: Final = struct.Struct("!II")
_ZONE: Final = struct.Struct("!6xH")
_PROTOCOL: Final = struct.Struct("!B7x")
_ADDRESS: Final = struct.Struct("!HH16s4x")
_NUMBER: Final = struct.Struct("!HHH2x")
_NESTED: Final = struct.Struct("!HH4x")
_ORIGINAL: Final = 0
_OF_ZONE: Final = 2
_SOURCE: Final = 0
_TARGET: Final = 1
_TARGET_PORT: Final = 3
_ADDRESS_SIZE: Final = 20  # without what fills it up; a number's size is with it
_MAPPED: Final = bytes(10) + b"\xff\xff"  # an IPv4 address as an IPv6 one, RFC 4291, 2.5.5.2

# A flush of ICMP names an exact identifier, type and code, whatever is left out. Without a
# protocol the target port is compared alone, and Open vSwitch keeps an ICMP type and code in its
# place: these are the questions that it tracks (echo, timestamp, information, address mask), of
# any identifier.
_QUESTIONS: Final = tuple(kind << 8 for kind in (8, 13, 15, 17))


def flush(cut: Cut, xids: Iterator[int]) -> Iterator[bytes]:
    """The messages that carry out a cut, most often one.

    A cut of ICMP alone takes connections of other protocols to ports 2048, 3328, 3840 and 4352
    between the same two with it.
    """
    if cut.whole and cut.zone is not None:
        yield flush_zone(cut.zone, next(xids))
    elif cut.protocol == PROTO_ICMP:
        for place in _QUESTIONS:
            yield _flush(Cut(cut.zone, cut.source, cut.target, None, place), next(xids))
    else:
        yield _flush(cut, next(xids))


def messages_of(cut: Cut) -> int:
    """How many messages a cut takes."""
    return len(_QUESTIONS) if cut.protocol == PROTO_ICMP else 1


def flush_zone(zone: int, xid: int) -> bytes:
    """Forget every connection of a zone."""
    return _experimenter(_FLUSH_ZONE, xid, _ZONE.pack(zone))


def _flush(cut: Cut, xid: int) -> bytes:
    ends = b"".join(_ends(cut))
    original = _NESTED.pack(_ORIGINAL, _NESTED.size + len(ends)) + ends if ends else b""
    zone = b"" if cut.zone is None else _NUMBER.pack(_OF_ZONE, _NUMBER.size, cut.zone)
    return _experimenter(_FLUSH, xid, _PROTOCOL.pack(cut.protocol or 0) + original + zone)


def _ends(cut: Cut) -> Iterator[bytes]:
    for kind, address in ((_SOURCE, cut.source), (_TARGET, cut.target)):
        if address is not None:
            yield _ADDRESS.pack(kind, _ADDRESS_SIZE, _MAPPED + address.to_bytes(4, "big"))
    if cut.port is not None:
        yield _NUMBER.pack(_TARGET_PORT, _NUMBER.size, cut.port)


def _experimenter(kind: int, xid: int, body: bytes) -> bytes:
    return message(Type.EXPERIMENTER, xid, _EXPERIMENTER.pack(_NX_VENDOR, kind) + body)
