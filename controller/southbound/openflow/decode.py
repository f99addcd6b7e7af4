"""Flow statistics replies back to entries, in the normal form of :mod:`controller.dataplane`.

A switch may hold entries that we never sent: what cannot be read as one of ours becomes a
:class:`Foreign` with its cookie, never an error.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from controller.dataplane.actions import (
    Action,
    Commit,
    Conjoin,
    DecTtl,
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
from controller.dataplane.fields import (
    ALL,
    ARP_OP,
    ARP_SHA,
    ARP_SPA,
    ARP_THA,
    ARP_TPA,
    ETH_DST,
    ETH_SRC,
    IPV4_DST,
    IPV4_SRC,
    Bits,
    Field,
)
from controller.dataplane.idset import id_set, ids_of
from controller.dataplane.shapes import Entry, Match
from controller.errors import RemoteError
from controller.southbound.openflow.encode import number_of
from controller.southbound.openflow.messages import HEADER

_STATS_AT: Final = HEADER.size + 8
_STATS: Final = struct.Struct("!HBxIIHHHHH2xQQQ")
_MATCH_AT: Final = 48
_SHORTEST: Final = _MATCH_AT + 8  # an empty match is padded to 8 bytes
_OXM: Final = struct.Struct("!HBB")
_HEAD: Final = struct.Struct("!HH")
_NICIRA: Final = struct.Struct("!IH")
_LOAD: Final = struct.Struct("!HIQ")
_MOVE: Final = struct.Struct("!HHHII")
_OUTPUT_REG: Final = struct.Struct("!HI")
_CT: Final = struct.Struct("!HIHB3xH")
_CLAUSE: Final = struct.Struct("!BBI")
_METERED: Final = struct.Struct("!6xHHI")
_FIELDS: Final = {(f.oxm_class, f.number): f for f in ALL}
# Fields that Open vSwitch reads under either name come back under the older, Nicira one.
_NXM_NAMES: Final = {
    (0x0000, 1): ETH_DST,
    (0x0000, 2): ETH_SRC,
    (0x0000, 7): IPV4_SRC,
    (0x0000, 8): IPV4_DST,
    (0x0000, 15): ARP_OP,
    (0x0000, 16): ARP_SPA,
    (0x0000, 17): ARP_TPA,
    (0x0001, 17): ARP_SHA,
    (0x0001, 18): ARP_THA,
}
_HEADERS: Final = {
    (oxm_class << 16 | number << 9 | field.size): field
    for (oxm_class, number), field in {**_FIELDS, **_NXM_NAMES}.items()
}


class Unreadable(Exception):
    """A part of an entry that none of our shapes has."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """An entry that is not ours, or not any more: its table, cookie, and what was not known."""

    table: int
    cookie: int
    why: str


def decode_flow_stats(reply: bytes) -> Iterator[Entry | Foreign]:
    """The entries of one multipart reply. Raises RemoteError where their lengths do not add up."""
    return (read_entry(reply[start:end]) for start, end in entry_spans(reply))


def entry_spans(reply: bytes) -> Iterator[tuple[int, int]]:
    """Where each entry of a multipart reply begins and ends. Raises RemoteError."""
    offset, size = _STATS_AT, len(reply)
    while offset < size:
        length = reply[offset] << 8 | reply[offset + 1] if offset + 1 < size else 0
        if not _SHORTEST <= length <= size - offset:
            raise RemoteError(
                f"flow statistics: expected an entry of {_SHORTEST} to {size - offset} bytes "
                f"at byte {offset}, found {length}; read back again"
            )
        yield offset, offset + length
        offset += length


def read_entry(data: bytes) -> Entry | Foreign:
    """One entry's statistics, field by field."""
    _, table, _, _, priority, idle, hard, _, _, cookie, _, _ = _STATS.unpack_from(data)
    _, match_size = _HEAD.unpack_from(data, _MATCH_AT)
    match_end = _MATCH_AT + match_size
    try:
        if idle or hard:
            raise Unreadable("it has a timeout")
        match = _read_match(data[_MATCH_AT + _HEAD.size : match_end])
        actions, goto = _read_instructions(data[match_end + -match_size % 8 :])
    except Unreadable as error:
        return Foreign(table, cookie, str(error))
    except struct.error:
        return Foreign(table, cookie, "an action or instruction is cut short")
    return Entry(table, priority, match, actions, goto, cookie)


def _read_match(data: bytes) -> tuple[Match, ...]:
    found, offset = [], 0
    while offset < len(data):
        oxm_class, number, length = _OXM.unpack_from(data, offset)
        field = _field(oxm_class, number >> 1)
        start = offset + _OXM.size
        value = int.from_bytes(data[start : start + field.size], "big")
        mask = field.ones
        if number & 1:
            mask = int.from_bytes(data[start + field.size : start + length], "big")
        found.append(Match(field.name, value & mask, mask))
        offset = start + length
    return tuple(sorted(found))


def _field(oxm_class: int, number: int) -> Field:
    field = _FIELDS.get((oxm_class, number))
    if field is None:
        raise Unreadable(f"match field {oxm_class:#06x}/{number}")
    return field


@lru_cache(maxsize=65536)
def _read_instructions(data: bytes) -> tuple[tuple[Action, ...], int | None]:
    actions: tuple[Action, ...] = ()
    goto, offset = None, 0
    while offset < len(data):
        kind, length = _head(data, offset)
        if kind == 1:
            goto = data[offset + 4]
        elif kind == 4:
            actions = _joined(tuple(_read_actions(data[offset + 8 : offset + length])))
        else:
            raise Unreadable(f"instruction type {kind}")
        offset += length
    return actions, goto


def _joined(actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """Actions of one clause as one, for which it does not matter how they were ordered."""
    clauses = [action for action in actions if isinstance(action, Conjoin)]
    if not clauses:
        return actions
    first = clauses[0]
    if len(clauses) < len(actions) or any(
        (one.clause, one.of) != (first.clause, first.of) for one in clauses
    ):
        raise Unreadable("conjunctions of more than one clause")
    ids = id_set(number for one in clauses for number in ids_of(number_of(one.ids)))
    return (Conjoin(first.clause, first.of, ids),)


def _read_actions(data: bytes) -> Iterator[Action]:
    offset = 0
    while offset < len(data):
        kind, length = _head(data, offset)
        yield _read_action(kind, data[offset + 4 : offset + length])
        offset += length


def _head(data: bytes, offset: int) -> tuple[int, int]:
    """Type and length of an instruction or action (at least 8 bytes, section 7.2.4)."""
    kind, length = _HEAD.unpack_from(data, offset)
    if not 8 <= length <= len(data) - offset:
        raise Unreadable(f"an instruction or action of {length} bytes")
    return kind, length


def _read_action(kind: int, body: bytes) -> Action:
    number = int.from_bytes(body[:4], "big")
    match kind:
        case 0:
            return Output(number)
        case 17:
            return PushVlan(number >> 16)
        case 18:
            return PopVlan()
        case 21:
            return SetQueue(number)
        case 24:
            return DecTtl()
        case 25:
            field = _field(number >> 16, number >> 9 & 0x7F)
            return SetField(field, int.from_bytes(body[4 : 4 + field.size], "big"))
        case 0xFFFF:
            return _read_nicira(body)
    raise Unreadable(f"action type {kind}")


def _read_nicira(body: bytes) -> Action:
    vendor, subtype = _NICIRA.unpack_from(body)
    rest = body[_NICIRA.size :]
    match vendor, subtype:
        case (0x2320, 6):
            width, source_at, target_at, source, target = _MOVE.unpack_from(rest)
            return Move(_bits(source, source_at, width), _bits(target, target_at, width))
        case (0x2320, 7):
            place, header, value = _LOAD.unpack_from(rest)
            return Load(_bits(header, place >> 6, (place & 0x3F) + 1), value)
        case (0x2320, 15):
            place, header = _OUTPUT_REG.unpack_from(rest)
            return OutputBits(_bits(header, place >> 6, (place & 0x3F) + 1))
        case (0x2320, 34):
            clause, of, number = _CLAUSE.unpack_from(rest)
            return Conjoin(clause + 1, of, number)
        case (0x2320, 35):
            return _read_ct(rest)
        case (0x2320, 37):
            return _read_punt(rest)
    raise Unreadable(f"action of vendor {vendor:#x}, subtype {subtype}")


def _read_ct(body: bytes) -> Action:
    flags, header, place, table, alg = _CT.unpack_from(body)
    inner = tuple(_read_actions(body[_CT.size :]))
    if alg or flags > 1 or not header:
        raise Unreadable("a ct action of another kind")
    zone = _bits(header, place >> 6, (place & 0x3F) + 1)
    match flags, table, inner:
        case 0, _, ():
            return Track(zone, table)
        case 1, 0xFF, (Move() as mark,):
            return Commit(zone, mark)
    raise Unreadable("a ct action of another kind")


def _read_punt(body: bytes) -> Action:
    kind, size, meter = _METERED.unpack_from(body)
    if (kind, size, len(body)) != (5, 8, _METERED.size):
        raise Unreadable("a controller action of another kind")
    return Punt(meter)


def _bits(header: int, offset: int, width: int) -> Bits:
    field = _HEADERS.get(header)
    if field is None:
        raise Unreadable(f"field {header:#010x}")
    return Bits(field, offset, width)
