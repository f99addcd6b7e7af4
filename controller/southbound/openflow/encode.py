"""Entries to OpenFlow 1.4 flow-mods, one by one and byte by byte.

Rows go out by :mod:`controller.southbound.openflow.templates`, which are made from what this makes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

from controller.dataplane.actions import (
    Action,
    Commit,
    Conjoin,
    DecTtl,
    Hole,
    Load,
    Move,
    Output,
    OutputBits,
    PopVlan,
    Punt,
    PushVlan,
    SetField,
    SetQueue,
    Track,
)
from controller.dataplane.fields import BY_NAME, Bits, Field
from controller.dataplane.idset import ids_of
from controller.dataplane.shapes import Entry, Match
from controller.southbound.openflow.messages import (
    ALL_TABLES,
    ANY_GROUP,
    ANY_PORT,
    HEADER,
    VERSION,
    Type,
)

ADD: Final = 0
DELETE: Final = 3
DELETE_STRICT: Final = 4

_NO_BUFFER: Final = 0xFFFFFFFF
_FLOW_MOD: Final = struct.Struct("!QQBBHHHIIIHH")
_MATCH_HEAD: Final = struct.Struct("!HH")
_INSTRUCTION: Final = struct.Struct("!HH4x")
_GOTO: Final = struct.Struct("!HHB3x")
_APPLY_ACTIONS: Final = 4
_GOTO_TABLE: Final = 1
_OUTPUT: Final = struct.Struct("!HHIH6x")
_SIMPLE: Final = struct.Struct("!HHI")
_NICIRA: Final = struct.Struct("!HHIH")
_NX_VENDOR: Final = 0x2320
_EXPERIMENTER: Final = 0xFFFF
_LOAD: Final = struct.Struct("!H4sQ")
_MOVE: Final = struct.Struct("!HHHII")
_OUTPUT_REG: Final = struct.Struct("!HIH6x")
_CT: Final = struct.Struct("!HIHB3xH")
_CLAUSE: Final = struct.Struct("!BBI")  # counted from 0
_METERED: Final = struct.Struct("!6xHHI")  # no property but the meter's: the whole packet
_METER_ID: Final = 5
_METER_SIZE: Final = 8
_CT_COMMIT: Final = 1
_NO_TABLE: Final = 0xFF


def oxm_header(field: Field, *, masked: bool = False) -> int:
    """The 32-bit OXM header of a field (7.2.3.2)."""
    size = field.size * (2 if masked else 1)
    return field.oxm_class << 16 | field.number << 9 | masked << 8 | size


def encode_entry(entry: Entry, command: int, xid: int) -> bytes:
    """One entry as a flow-mod."""
    body = _FLOW_MOD.pack(
        *(entry.cookie, 0, entry.table, command, 0, 0, entry.priority),
        *(_NO_BUFFER, ANY_PORT, ANY_GROUP, 0, 0),
    )
    body += _match(entry.match)
    if command == ADD:
        body += _instructions(entry.actions, entry.goto)
    return HEADER.pack(VERSION, Type.FLOW_MOD, HEADER.size + len(body), xid) + body


def delete_cookie(cookie: int, xid: int) -> bytes:
    """A flow-mod that deletes every entry of a cookie, in all tables."""
    body = _FLOW_MOD.pack(
        *(cookie, (1 << 64) - 1, ALL_TABLES, DELETE, 0, 0, 0),
        *(_NO_BUFFER, ANY_PORT, ANY_GROUP, 0, 0),
    )
    body += _match(())
    return HEADER.pack(VERSION, Type.FLOW_MOD, HEADER.size + len(body), xid) + body


def _match(items: Iterable[Match]) -> bytes:
    fields = b"".join(_oxm(BY_NAME[m.field], m.value, m.mask) for m in _prerequisites_first(items))
    size = _MATCH_HEAD.size + len(fields)
    return _MATCH_HEAD.pack(1, size) + fields + bytes(-size % 8)


def _prerequisites_first(items: Iterable[Match]) -> list[Match]:
    """By OXM number: eth_type before ip_proto before tcp_dst, as section 7.2.3.6 wants it."""
    return sorted(items, key=lambda m: (-BY_NAME[m.field].oxm_class, BY_NAME[m.field].number))


def _oxm(field: Field, value: int, mask: int) -> bytes:
    masked = mask != field.ones
    out = oxm_header(field, masked=masked).to_bytes(4, "big") + value.to_bytes(field.size, "big")
    return out + mask.to_bytes(field.size, "big") if masked else out


def _instructions(actions: Iterable[Action], goto: int | None) -> bytes:
    data = encode_actions(actions)
    out = _INSTRUCTION.pack(_APPLY_ACTIONS, _INSTRUCTION.size + len(data)) + data if data else b""
    return out if goto is None else out + _GOTO.pack(_GOTO_TABLE, _GOTO.size, goto)


def encode_actions(actions: Iterable[Action]) -> bytes:
    """Actions one behind the other."""
    return b"".join(_action(action) for action in actions)


def _action(action: Action) -> bytes:
    match action:
        case Load(bits, value):
            place = bits.offset << 6 | bits.width - 1
            return _nicira(7, _LOAD.pack(place, _nxm(bits), number_of(value)))
        case Move(source, target):
            sizes = (source.width, source.offset, target.offset)
            headers = (oxm_header(source.field), oxm_header(target.field))
            return _nicira(6, _MOVE.pack(*sizes, *headers))
        case SetField(field, value):
            return _set_field(field, number_of(value))
        case DecTtl():
            return _SIMPLE.pack(24, 8, 0)
        case PushVlan(eth_type):
            return _SIMPLE.pack(17, 8, eth_type << 16)
        case PopVlan():
            return _SIMPLE.pack(18, 8, 0)
        case SetQueue(queue):
            return _SIMPLE.pack(21, 8, number_of(queue))
        case Output(port):
            return _OUTPUT.pack(0, _OUTPUT.size, number_of(port), 0)
        case OutputBits(bits):
            place = bits.offset << 6 | bits.width - 1
            return _nicira(15, _OUTPUT_REG.pack(place, oxm_header(bits.field), 0))
        case Punt(meter):
            return _nicira(37, _METERED.pack(_METER_ID, _METER_SIZE, number_of(meter)))
        case Track(zone, table):
            return _nicira(35, _ct(0, zone, table))
        case Commit(zone, mark):
            return _nicira(35, _ct(_CT_COMMIT, zone, _NO_TABLE) + _action(mark))
        case Conjoin(clause, of, ids):
            every = sorted(ids_of(number_of(ids)))
            return b"".join(_nicira(34, _CLAUSE.pack(clause - 1, of, n)) for n in every)


def _ct(flags: int, zone: Bits, table: int) -> bytes:
    return _CT.pack(flags, oxm_header(zone.field), zone.offset << 6 | zone.width - 1, table, 0)


def _nicira(subtype: int, body: bytes) -> bytes:
    size = _NICIRA.size + len(body)
    padded = size + -size % 8
    return _NICIRA.pack(_EXPERIMENTER, padded, _NX_VENDOR, subtype) + body + bytes(padded - size)


def _set_field(field: Field, value: int) -> bytes:
    body = oxm_header(field).to_bytes(4, "big") + value.to_bytes(field.size, "big")
    size = 4 + len(body)
    padded = size + -size % 8
    return struct.pack("!HH", 25, padded) + body + bytes(padded - size)


def _nxm(bits: Bits) -> bytes:
    return oxm_header(bits.field).to_bytes(4, "big")


def number_of(operand: int | Hole) -> int:
    """An operand that a row has filled."""
    if isinstance(operand, Hole):
        raise TypeError(f"<{operand.name}> has not been filled")
    return operand
