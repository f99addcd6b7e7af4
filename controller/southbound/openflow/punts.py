"""OpenFlow 1.4 messages about single packets: handed up, sent out, and how many may be handed up.

Numbers are those of the OpenFlow Switch Specification 1.4.1, sections 7.4.1, 7.3.7 and 7.3.4.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Final, NamedTuple

from controller.dataplane.actions import Output
from controller.dataplane.fields import ALL, Bits
from controller.errors import RemoteError
from controller.southbound.openflow.encode import encode_actions
from controller.southbound.openflow.messages import HEADER, Type, message

_NO_BUFFER: Final = 0xFFFFFFFF
_CONTROLLER: Final = 0xFFFFFFFD
_PACKET_IN: Final = struct.Struct("!IHBBQ")
_MATCH_AT: Final = HEADER.size + _PACKET_IN.size
_MATCH_HEAD: Final = struct.Struct("!HH")
_OXM: Final = struct.Struct("!HBB")
_PAD: Final = 2  # so that the packet's IP header is aligned
_PACKET_OUT: Final = struct.Struct("!IIH6x")
_METER_MOD: Final = struct.Struct("!HHI")
_DROP_BAND: Final = struct.Struct("!HHII4x")
_DROP: Final = 1
_PACKETS_WITH_BURST: Final = 0b110  # OFPMF_PKTPS, OFPMF_BURST
_FIELDS: Final = {(field.oxm_class, field.number): field for field in ALL}


class MeterCommand(IntEnum):
    """What a meter-mod does (7.3.4.4)."""

    ADD = 0
    MODIFY = 1


class PacketIn(NamedTuple):
    """A packet that a switch hands up: whose entry did it, in which table, and what was known.

    ``fields`` are metadata by the field's name, as in :mod:`controller.dataplane.fields`; what was
    zero is left out.
    """

    table: int
    cookie: int
    fields: Mapping[str, int]
    data: bytes

    @property
    def in_port(self) -> int:
        """The port it came in by."""
        return self.fields.get("in_port", 0)

    def read(self, bits: Bits) -> int:
        """What a range of bits of the metadata holds."""
        return (self.fields.get(bits.field.name, 0) & bits.mask) >> bits.offset


def packet_in(data: bytes) -> PacketIn:
    """A packet-in message's content. Raises RemoteError where it is cut short."""
    try:
        _, size, _, table, cookie = _PACKET_IN.unpack_from(data, HEADER.size)
        _, length = _MATCH_HEAD.unpack_from(data, _MATCH_AT)
        fields = dict(_fields(data[_MATCH_AT + _MATCH_HEAD.size : _MATCH_AT + length]))
    except struct.error as error:
        raise RemoteError(f"packet-in of {len(data)} bytes: {error}") from None
    start = _MATCH_AT + length + -length % 8 + _PAD
    if len(data) < start + size:
        raise RemoteError(f"packet-in of {len(data)} bytes: expected {start + size}")
    return PacketIn(table, cookie, fields, data[start : start + size])


def _fields(match: bytes) -> Iterator[tuple[str, int]]:
    offset = 0
    while offset < len(match):
        oxm_class, number, length = _OXM.unpack_from(match, offset)
        offset += _OXM.size
        field = _FIELDS.get((oxm_class, number >> 1))
        if field is not None:
            yield field.name, int.from_bytes(match[offset : offset + field.size], "big")
        offset += length


def packet_out(xid: int, port: int, data: bytes) -> bytes:
    """A message that has a packet sent by a port, untouched by any table."""
    actions = encode_actions((Output(port),))
    head = _PACKET_OUT.pack(_NO_BUFFER, _CONTROLLER, len(actions))
    return message(Type.PACKET_OUT, xid, head + actions + data)


def meter_mod(xid: int, command: MeterCommand, meter: int, *, rate_pps: int, burst: int) -> bytes:
    """A message that makes a meter, or makes it another: so many packets a second pass."""
    head = _METER_MOD.pack(command, _PACKETS_WITH_BURST, meter)
    return message(
        Type.METER_MOD, xid, head + _DROP_BAND.pack(_DROP, _DROP_BAND.size, rate_pps, burst)
    )
