"""The pipeline: every table in order, and every shape of row it may hold. Read this first.

A packet from an instance walks admit, answer, resolve, track, permit, class, deliver. Towards
another host it leaves with the wire tag and a structured destination MAC; towards an instance of
the same host it is judged a second time, for the receiver (``far`` = 1), in the receiver's
conntrack zone. A frame from the fabric walks admit, wire, origin, arrive and is judged with
``far`` = 1. A fabric switch uses admit, class and deliver alone.

Every packet is routed: instances know one MAC, the gateway's, whichever segment they talk to, so
that a neighbour may move without anybody's ARP cache going stale.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from controller.dataplane import registers as r
from controller.dataplane.actions import (
    Commit,
    Conjoin,
    DecTtl,
    Hole,
    Load,
    Move,
    Operand,
    Output,
    OutputBits,
    PopVlan,
    Punt,
    PushVlan,
    SetField,
    SetQueue,
    Track,
)
from controller.dataplane.checks import check
from controller.dataplane.fields import (
    ARP_OP,
    ARP_SHA,
    ARP_SPA,
    ARP_THA,
    ARP_TPA,
    CONJ_ID,
    CT_EST,
    CT_INV,
    CT_MARK,
    CT_REL,
    CT_RPL,
    CT_STATE,
    CT_TRK,
    ETH_8021AD,
    ETH_8021Q,
    ETH_ARP,
    ETH_DST,
    ETH_IPV4,
    ETH_SRC,
    ETH_TYPE,
    ICMP_TYPE,
    IN_PORT,
    IP_DSCP,
    IP_PROTO,
    IP_TTL,
    IPV4_DST,
    IPV4_SRC,
    NXM_IN_PORT,
    PROTO_ICMP,
    PROTO_TCP,
    PROTO_UDP,
    TCP_DST,
    UDP_DST,
    UDP_SRC,
    VLAN_TCI,
    VLAN_VID,
    Bits,
    Field,
    whole,
)
from controller.dataplane.shapes import Key, Shape

GATEWAY_MAC: Final = 0x026268000001  # locally administered; every edge answers with it
BEST_EFFORT: Final = 0  # its DSCP (RFC 2474 section 4.1: the default) and its queue, in every site


class Meter(IntEnum):
    """Why packets are handed up to the controller: each reason has its own rate of packets."""

    DENIED = 1
    DHCP = 2


class Table(IntEnum):
    """The tables in the order in which a packet meets them."""

    ADMIT = 0
    WIRE = 1
    ORIGIN = 2
    ANSWER = 3
    RESOLVE = 4
    ARRIVE = 5
    TRACK = 6
    PERMIT = 7
    CLASS = 8
    DELIVER = 9
    EMIT = 10


PURPOSE: Final = {
    Table.ADMIT: "who sent this: an instance by its port and addresses, or the fabric",
    Table.WIRE: "inner tag: which segment and VRF a frame from the fabric is for",
    Table.ORIGIN: "a frame's sender must have, in the receiver's VRF, the identity it claims",
    Table.ANSWER: "ARP and gateway echo are answered here, DHCP is handed up; nothing is flooded",
    Table.RESOLVE: "VRF and destination address to receiver, its segment and edge; TTL - 1",
    Table.ARRIVE: "receiver on this host, of the identity it is judged by: port, MAC, zone",
    Table.TRACK: "connection tracking, in the zone of the instance judged for",
    Table.PERMIT: "allow-list: identities, protocol, port, DSCP to class; the rest is dropped",
    Table.CLASS: "mark with the class's DSCP, choose queue and plane",
    Table.DELIVER: "to the receiver's judgement on this host, or into the fabric",
    Table.EMIT: "out of an instance's port, with its 802.1Q tag when nested",
}


class Band(IntEnum):
    """Named priorities. Within one table and band no two rows that differ match the same packet."""

    MISS = 0
    PASS = 100
    SHARED = 300  # rules of many identities, any protocol
    SHARED_NARROW = 400  # rules of many identities, one protocol
    ROW = 1000  # the ordinary rows of a table
    NARROW = 2000  # rows that win over the ordinary: a protocol over any protocol
    MARKED = 3000  # rules that look at the sender's DSCP, any protocol
    MARKED_NARROW = 4000  # rules that look at the sender's DSCP, one protocol


# Destination MAC between switches: 02 | plane | edge (2 bytes) | lane (2 bytes).
MAC_PREFIX: Final = 0x02 << 40
MAC_PLANE: Final = Bits(ETH_DST, 32, 8)
MAC_EDGE: Final = Bits(ETH_DST, 16, 16)
MAC_LANE: Final = Bits(ETH_DST, 0, 16)
_MAC_PREFIX_BITS: Final = Bits(ETH_DST, 40, 8)

# Source MAC between switches: 02 | sender's identity (20 bits) | receiver's identity (20 bits).
_FROM_PREFIX: Final = Bits(ETH_SRC, 40, 8)
_FROM_SOURCE: Final = Bits(ETH_SRC, r.IDENTITY_BITS, r.IDENTITY_BITS)
_FROM_DESTINATION: Final = Bits(ETH_SRC, 0, r.IDENTITY_BITS)


def fabric_mac(plane: int, edge: int, lane: int) -> int:
    """The destination MAC of a frame between switches."""
    return MAC_PREFIX | plane << 32 | edge << 16 | lane


def _key(field: Field, value: Operand, mask: Operand | None = None) -> Key:
    return Key(whole(field), value, mask)


def _is(register: r.Register, value: Operand) -> Key:
    return Key(register.bits, value)


def _load(register: r.Register, value: Operand) -> Load:
    return Load(register.bits, value)


def _hole(name: str) -> Hole:
    return Hole(name)


_NO_SEGMENT: Final = _load(r.SEGMENT, 0)  # ARP is answered alike in all of them
_IPV4: Final = _key(ETH_TYPE, ETH_IPV4)
_ARP: Final = _key(ETH_TYPE, ETH_ARP)
_NO_TAG: Final = _key(VLAN_VID, 0)
_SENDER: Final = (
    *(_load(r.VRF, _hole("vrf")), _load(r.SEGMENT, _hole("segment"))),
    *(_load(r.SOURCE, _hole("source")), _load(r.ZONE, _hole("zone"))),
)
_IPV4_SENDER: Final = (*(_key(ETH_SRC, _hole("mac")), _IPV4, _key(IPV4_SRC, _hole("ip"))),)
_ARP_SENDER: Final = (
    *(_key(ETH_SRC, _hole("mac")), _ARP),
    *(_key(ARP_SPA, _hole("ip")), _key(ARP_SHA, _hole("mac"))),
)
_NESTED_TAG: Final = Key(Bits(VLAN_VID, 0, 12), _hole("nested"))
_TAGGED: Final = Key(Bits(VLAN_VID, 12, 1), 1)

_DHCP: Final = (
    *(_IPV4, _key(IP_PROTO, PROTO_UDP)),
    *(_key(UDP_SRC, 68), _key(UDP_DST, 67)),
)
_EVERYBODY: Final = 0xFFFFFFFF  # 255.255.255.255

_ADMIT: Final = (
    Shape(
        "admit.ipv4",
        *(Table.ADMIT, Band.ROW),
        (_key(IN_PORT, _hole("port")), _NO_TAG, *_IPV4_SENDER),
        _SENDER,
        Table.ANSWER,
        "IPv4 from an instance with its own MAC and address: VRF, segment, identity, zone",
    ),
    Shape(
        "admit.arp",
        *(Table.ADMIT, Band.ROW),
        (_key(IN_PORT, _hole("port")), _NO_TAG, *_ARP_SENDER),
        (_NO_SEGMENT,),
        Table.ANSWER,
        "ARP from an instance that speaks of itself",
    ),
    Shape(
        "admit.nested_ipv4",
        *(Table.ADMIT, Band.ROW),
        (_key(IN_PORT, _hole("port")), _TAGGED, _NESTED_TAG, *_IPV4_SENDER),
        (PopVlan(), *_SENDER, _load(r.NESTED, _hole("nested"))),
        Table.ANSWER,
        "the same, from a tagged sub-port of a VM's port",
    ),
    Shape(
        "admit.nested_arp",
        *(Table.ADMIT, Band.ROW),
        (_key(IN_PORT, _hole("port")), _TAGGED, _NESTED_TAG, *_ARP_SENDER),
        (PopVlan(), _NO_SEGMENT, _load(r.NESTED, _hole("nested"))),
        Table.ANSWER,
        "ARP from a tagged sub-port of a VM's port",
    ),
    Shape(
        "admit.dhcp",
        *(Table.ADMIT, Band.NARROW),
        (_NO_TAG, *_DHCP, _key(IPV4_DST, _EVERYBODY)),
        (Punt(Meter.DHCP),),
        None,
        "who asks everybody for an address may have any or none; ports and MACs tell",
    ),
    Shape(
        "admit.nested_dhcp",
        *(Table.ADMIT, Band.NARROW),
        (_TAGGED, *_DHCP, _key(IPV4_DST, _EVERYBODY)),
        (Punt(Meter.DHCP),),
        None,
        "the same, from a tagged sub-port of a VM's port",
    ),
    Shape(
        "admit.fabric",
        *(Table.ADMIT, Band.ROW),
        (
            _key(IN_PORT, _hole("port")),
            Key(_MAC_PREFIX_BITS, MAC_PREFIX >> 40),
            Key(MAC_EDGE, _hole("edge")),
            _TAGGED,
            Key(Bits(VLAN_VID, 0, 12), _hole("s_vid")),
        ),
        (PopVlan(), Load(r.TARGET_S, _hole("s_vid")), _load(r.FAR, 1)),
        Table.WIRE,
        "a frame from the fabric for this edge: outer tag taken off",
    ),
    Shape(
        "admit.transit",
        *(Table.ADMIT, Band.PASS),
        (Key(_MAC_PREFIX_BITS, MAC_PREFIX >> 40), _TAGGED),
        (),
        Table.CLASS,
        "fabric switch: frames between edges",
    ),
)

_WIRE: Final = (
    Shape(
        "wire.segment",
        *(Table.WIRE, Band.ROW),
        (Key(r.TARGET_S, _hole("s_vid")), _TAGGED, Key(Bits(VLAN_VID, 0, 12), _hole("c_vid"))),
        (
            *(PopVlan(), Load(r.TARGET_C, _hole("c_vid")), _load(r.VRF, _hole("vrf"))),
            Move(_FROM_SOURCE, r.SOURCE.bits),
            Move(_FROM_DESTINATION, r.DESTINATION.bits),
        ),
        Table.ORIGIN,
        "inner tag of a segment with receivers here",
    ),
)

_ORIGIN: Final = (
    Shape(
        "origin.address",
        *(Table.ORIGIN, Band.ROW),
        (
            *(_is(r.VRF, _hole("vrf")), _is(r.SOURCE, _hole("source"))),
            *(_IPV4, _key(IPV4_SRC, _hole("ip"))),
        ),
        (),
        Table.ARRIVE,
        "sender on another host: the address, in the receiver's VRF, has that identity",
    ),
)

_ANSWER: Final = (
    Shape(
        "answer.arp",
        *(Table.ANSWER, Band.ROW),
        (
            *(_ARP, _key(ARP_OP, 1)),
            *(
                _key(ARP_SPA, _hole("own"), _hole("bit")),
                _key(ARP_TPA, _hole("asked"), _hole("bit")),
            ),
        ),
        (
            Move(whole(ETH_SRC), whole(ETH_DST)),
            SetField(ETH_SRC, GATEWAY_MAC),
            SetField(ARP_OP, 2),
            Move(whole(ARP_SHA), whole(ARP_THA)),
            SetField(ARP_SHA, GATEWAY_MAC),
            Move(whole(ARP_TPA), r.SCRATCH.bits),
            Move(whole(ARP_SPA), whole(ARP_TPA)),
            Move(r.SCRATCH.bits, whole(ARP_SPA)),
            Move(whole(NXM_IN_PORT), r.PORT.bits),
        ),
        Table.EMIT,
        "an ARP request for another address than one's own, so one with another bit, is answered "
        "with the gateway's MAC: proxy ARP, RFC 1027; who announces or tests his own is not",
    ),
    Shape(
        "answer.echo",
        *(Table.ANSWER, Band.ROW),
        (
            *(_is(r.SEGMENT, _hole("segment")), _key(ETH_DST, GATEWAY_MAC), _IPV4),
            *(_key(IP_PROTO, PROTO_ICMP), _key(ICMP_TYPE, 8), _key(IPV4_DST, _hole("gateway"))),
        ),
        (
            Move(whole(ETH_SRC), whole(ETH_DST)),
            SetField(ETH_SRC, GATEWAY_MAC),
            Move(whole(IPV4_SRC), whole(IPV4_DST)),
            SetField(IPV4_SRC, _hole("gateway")),
            SetField(ICMP_TYPE, 0),
            Load(whole(IP_TTL), 64),
            Move(whole(NXM_IN_PORT), r.PORT.bits),
        ),
        Table.EMIT,
        "a segment's own instances may ping its gateway",
    ),
    Shape(
        "answer.dhcp",
        *(Table.ANSWER, Band.ROW),
        (
            *(_is(r.SEGMENT, _hole("segment")), *_DHCP),
            _key(IPV4_DST, _hole("gateway")),
        ),
        (Punt(Meter.DHCP),),
        None,
        "an instance asks its gateway to renew its lease",
    ),
    Shape(
        "answer.pass",
        *(Table.ANSWER, Band.PASS),
        (_IPV4,),
        (),
        Table.RESOLVE,
        "everything else in IPv4 goes on",
    ),
)

_ROUTED: Final = (
    *(_is(r.VRF, _hole("vrf")), _key(ETH_DST, GATEWAY_MAC), _IPV4),
    _key(IPV4_DST, _hole("ip")),
)

_RESOLVE: Final = (
    Shape(
        "resolve.receiver:here",
        *(Table.RESOLVE, Band.ROW),
        _ROUTED,
        (
            *(DecTtl(), _load(r.TARGET, _hole("target"))),
            _load(r.DESTINATION, _hole("destination")),
        ),
        Table.ARRIVE,
        "receiver on this host",
    ),
    Shape(
        "resolve.receiver:away",
        *(Table.RESOLVE, Band.ROW),
        _ROUTED,
        (
            *(DecTtl(), _load(r.TARGET, _hole("target"))),
            _load(r.DESTINATION, _hole("destination")),
            *(_load(r.EDGE, _hole("edge")), _load(r.LANE, _hole("lane"))),
        ),
        Table.TRACK,
        "receiver on another host",
    ),
)

_ARRIVE: Final = (
    Shape(
        "arrive.instance",
        *(Table.ARRIVE, Band.ROW),
        (
            *(_is(r.TARGET, _hole("target")), _is(r.DESTINATION, _hole("destination"))),
            *(_IPV4, _key(IPV4_DST, _hole("ip"))),
        ),
        (
            *(SetField(ETH_SRC, GATEWAY_MAC), SetField(ETH_DST, _hole("mac"))),
            *(_load(r.PORT, _hole("port")), _load(r.NESTED, _hole("nested"))),
            _load(r.TARGET_ZONE, _hole("zone")),
        ),
        Table.TRACK,
        "an instance of this host",
    ),
)

_FAR_ZONE: Final = Move(r.TARGET_ZONE.bits, r.ZONE.bits)
_JUDGE: Final = Track(r.ZONE.bits, Table.PERMIT)

_TRACK: Final = (
    Shape(
        "track.near",
        *(Table.TRACK, Band.ROW),
        (_is(r.FAR, 0), _IPV4),
        (_JUDGE,),
        None,
        "judged for the sender, in its zone",
    ),
    Shape(
        "track.far",
        *(Table.TRACK, Band.ROW),
        (_is(r.FAR, 1), _IPV4),
        (_FAR_ZONE, _JUDGE),
        None,
        "judged for the receiver, in its zone",
    ),
)

_REPLY: Final = CT_TRK | CT_EST | CT_RPL
_RELATED: Final = CT_TRK | CT_REL | CT_RPL
_INITIAL: Final = _key(CT_STATE, CT_TRK, CT_TRK | CT_RPL | CT_INV)
_MARK_CLASS: Final = Bits(CT_MARK, 0, 6)
_PAIR: Final = (*(_is(r.SOURCE, _hole("source")), _is(r.DESTINATION, _hole("destination")), _IPV4),)
_GRANT: Final = (
    _load(r.CLASS, _hole("class")),
    Commit(r.ZONE.bits, Move(r.CLASS.bits, _MARK_CLASS)),
)
_MARKED: Final = (_is(r.FAR, _hole("far")), _key(IP_DSCP, _hole("dscp")))
_TCP: Final = (_key(IP_PROTO, PROTO_TCP), _key(TCP_DST, _hole("port"), _hole("port_mask")))
_UDP: Final = (_key(IP_PROTO, PROTO_UDP), _key(UDP_DST, _hole("port"), _hole("port_mask")))
_ICMP: Final = (_key(IP_PROTO, PROTO_ICMP),)


def _permit(name: str, band: Band, keys: tuple[Key, ...], meaning: str) -> Shape:
    return Shape(name, Table.PERMIT, band, (_INITIAL, *_PAIR, *keys), _GRANT, Table.CLASS, meaning)


def _returning(name: str, state: int) -> Shape:
    return Shape(
        name,
        *(Table.PERMIT, Band.ROW),
        (_key(CT_STATE, state, state | CT_INV), _IPV4),
        (Move(_MARK_CLASS, r.CLASS.bits),),
        Table.CLASS,
        "what answers a permitted connection, in that connection's class",
    )


def _clause(
    name: str, band: Band, clause: int, of: int, keys: tuple[Key, ...], meaning: str
) -> Shape:
    joins = (Conjoin(clause, of, _hole("shares")),)
    return Shape(name, Table.PERMIT, band, (_IPV4, *keys), joins, None, meaning)


def _shared(name: str, band: Band, meaning: str) -> Shape:
    keys = (_key(CONJ_ID, _hole("share")), _IPV4)
    return Shape(name, Table.PERMIT, band, keys, _GRANT, Table.CLASS, meaning)


_FROM: Final = (_INITIAL, _is(r.SOURCE, _hole("source")))
_TO: Final = (_is(r.DESTINATION, _hole("destination")),)

# A rule of many identities is a conjunction: one entry for each of its sources, one for each of its
# destinations and one for each block of ports, not one for each combination of them. A pair's own
# entries come first.
_PERMIT_SHARED: Final = (
    _clause("permit.from_any", Band.SHARED, 1, 2, _FROM, "a source of shared rules"),
    _clause("permit.to_any", Band.SHARED, 2, 2, _TO, "a destination of shared rules"),
    _shared("permit.shared_any", Band.SHARED, "shared rule: any protocol"),
    _clause("permit.from_some", Band.SHARED_NARROW, 1, 3, _FROM, "a source of shared rules"),
    _clause("permit.to_some", Band.SHARED_NARROW, 2, 3, _TO, "a destination of shared rules"),
    _clause("permit.at_icmp", Band.SHARED_NARROW, 3, 3, _ICMP, "what shared rules allow: ICMP"),
    _clause("permit.at_tcp", Band.SHARED_NARROW, 3, 3, _TCP, "the same: TCP to a block of ports"),
    _clause("permit.at_udp", Band.SHARED_NARROW, 3, 3, _UDP, "the same: UDP to a block of ports"),
    _shared("permit.shared_some", Band.SHARED_NARROW, "shared rule: some protocols and ports"),
)

_PERMIT: Final = (
    *_PERMIT_SHARED,
    _returning("permit.reply", _REPLY),
    _returning("permit.related", _RELATED),
    _permit("permit.any", Band.ROW, (), "any protocol"),
    _permit("permit.icmp", Band.NARROW, _ICMP, "ICMP"),
    _permit("permit.tcp", Band.NARROW, _TCP, "TCP to a block of ports"),
    _permit("permit.udp", Band.NARROW, _UDP, "UDP to a block of ports"),
    _permit("permit.marked_any", Band.MARKED, _MARKED, "any protocol, marked by the sender"),
    _permit("permit.marked_icmp", Band.MARKED_NARROW, (*_MARKED, *_ICMP), "ICMP, marked"),
    _permit("permit.marked_tcp", Band.MARKED_NARROW, (*_MARKED, *_TCP), "TCP, marked"),
    _permit("permit.marked_udp", Band.MARKED_NARROW, (*_MARKED, *_UDP), "UDP, marked"),
)

_CLASS: Final = (
    Shape(
        "class.mark",
        *(Table.CLASS, Band.NARROW),
        (_is(r.CLASS, _hole("class")), _IPV4),
        (
            *(SetField(IP_DSCP, _hole("class")), SetQueue(_hole("queue"))),
            _load(r.PLANE, _hole("plane")),
        ),
        Table.DELIVER,
        "edge: an instance cannot grant itself a class by marking its own packets",
    ),
    Shape(
        "class.transit",
        *(Table.CLASS, Band.ROW),
        (_IPV4, _key(IP_DSCP, _hole("class"))),
        (SetQueue(_hole("queue")),),
        Table.DELIVER,
        "fabric switch: the DSCP that the edge wrote chooses the queue",
    ),
    Shape(
        "class.forgotten",
        *(Table.CLASS, Band.PASS),
        (_IPV4,),
        (
            *(SetField(IP_DSCP, BEST_EFFORT), SetQueue(BEST_EFFORT)),
            _load(r.PLANE, _hole("plane")),
        ),
        Table.DELIVER,
        "edge: a connection remembers a class that is no more: best effort until it is judged anew",
    ),
    Shape(
        "class.stray",
        *(Table.CLASS, Band.PASS),
        (Key(_MAC_PREFIX_BITS, MAC_PREFIX >> 40), _IPV4),
        (SetQueue(BEST_EFFORT),),
        Table.DELIVER,
        "fabric switch: a frame under way in a class that is no more",
    ),
)

_DELIVER: Final = (
    Shape(
        "deliver.here",
        *(Table.DELIVER, Band.ROW),
        (_is(r.FAR, 0), _is(r.EDGE, 0), _IPV4),
        (_load(r.FAR, 1), _FAR_ZONE, _JUDGE),
        None,
        "receiver on this host: now judged for the receiver",
    ),
    Shape(
        "deliver.judged",
        *(Table.DELIVER, Band.ROW),
        (_is(r.FAR, 1),),
        (),
        Table.EMIT,
        "judged for the receiver: out",
    ),
    Shape(
        "deliver.away",
        *(Table.DELIVER, Band.ROW),
        (
            *(_is(r.FAR, 0), _is(r.EDGE, _hole("edge"))),
            *(_is(r.PLANE, _hole("plane")), _is(r.LANE, _hole("lane"))),
        ),
        (
            SetField(ETH_DST, _hole("mac")),
            Load(_FROM_PREFIX, MAC_PREFIX >> 40),
            Move(r.SOURCE.bits, _FROM_SOURCE),
            Move(r.DESTINATION.bits, _FROM_DESTINATION),
            PushVlan(ETH_8021Q),
            Move(r.TARGET_C, Bits(VLAN_TCI, 0, 12)),
            PushVlan(ETH_8021AD),
            Move(r.TARGET_S, Bits(VLAN_TCI, 0, 12)),
            Output(_hole("port")),
        ),
        None,
        "into the fabric: structured MACs, C tag, S tag, the plane's next hop",
    ),
    Shape(
        "deliver.transit",
        *(Table.DELIVER, Band.NARROW),
        (
            Key(_MAC_PREFIX_BITS, MAC_PREFIX >> 40),
            *(Key(MAC_PLANE, _hole("plane")), Key(MAC_EDGE, _hole("edge"))),
            Key(MAC_LANE, _hole("lane")),
        ),
        (Output(_hole("port")),),
        None,
        "fabric switch: next hop to an edge, whatever the instance",
    ),
)

_NO_IN_PORT: Final = Load(whole(NXM_IN_PORT), 0)

_EMIT: Final = (
    Shape(
        "emit.plain",
        *(Table.EMIT, Band.ROW),
        (_is(r.NESTED, 0),),
        (_NO_IN_PORT, OutputBits(r.PORT.bits)),
        None,
        "an instance that owns its port; the port it came from is allowed too",
    ),
    Shape(
        "emit.nested",
        *(Table.EMIT, Band.PASS),
        (),
        (
            PushVlan(ETH_8021Q),
            Move(r.NESTED.bits, Bits(VLAN_TCI, 0, 12)),
            *(_NO_IN_PORT, OutputBits(r.PORT.bits)),
        ),
        None,
        "a tagged sub-port",
    ),
)


# Where what is denied ends: a receiver that nobody here may reach has no address, or no rule.
_TOLD: Final = (Table.RESOLVE, Table.PERMIT)


def _miss(table: Table) -> Shape:
    name = f"{table.name.lower()}.drop"
    if table in _TOLD:
        meaning = "nothing else matched: drop and count; some of it is shown to the controller"
        return Shape(name, table, Band.MISS, (), (Punt(Meter.DENIED),), None, meaning)
    return Shape(name, table, Band.MISS, (), (), None, "nothing else matched: drop, and count")


MISSES: Final = tuple(_miss(table) for table in Table)
TABLE_SHAPES: Final = {
    Table.ADMIT: _ADMIT,
    Table.WIRE: _WIRE,
    Table.ORIGIN: _ORIGIN,
    Table.ANSWER: _ANSWER,
    Table.RESOLVE: _RESOLVE,
    Table.ARRIVE: _ARRIVE,
    Table.TRACK: _TRACK,
    Table.PERMIT: _PERMIT,
    Table.CLASS: _CLASS,
    Table.DELIVER: _DELIVER,
    Table.EMIT: _EMIT,
}
SHAPES: Final = {
    shape.name: shape for table in Table for shape in (*TABLE_SHAPES[table], MISSES[table])
}

check({table: (*TABLE_SHAPES[table], MISSES[table]) for table in Table}, r.ALL)
