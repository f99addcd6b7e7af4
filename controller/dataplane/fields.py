"""The packet and metadata fields that the pipeline matches or writes, with their wire headers.

``oxm_class`` and ``number`` form the OXM header (OpenFlow 1.4.1, section 7.2.3.2); the Nicira
fields are those of ovs-fields(7). ``name`` is what ovs-ofctl(8) prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_NXM0: Final = 0x0000
_NXM1: Final = 0x0001
_OXM: Final = 0x8000


@dataclass(frozen=True, slots=True)
class Field:
    """One field: ``bits`` wide, carried in ``size`` bytes."""

    name: str
    bits: int
    oxm_class: int
    number: int

    @property
    def size(self) -> int:
        """Bytes of the field's value in an OXM."""
        return (self.bits + 7) // 8

    @property
    def ones(self) -> int:
        """The mask that covers the whole field."""
        return (1 << self.bits) - 1


IN_PORT: Final = Field("in_port", 32, _OXM, 0)
ETH_DST: Final = Field("eth_dst", 48, _OXM, 3)
ETH_SRC: Final = Field("eth_src", 48, _OXM, 4)
ETH_TYPE: Final = Field("eth_type", 16, _OXM, 5)
VLAN_VID: Final = Field("vlan_vid", 13, _OXM, 6)
IP_DSCP: Final = Field("ip_dscp", 6, _OXM, 8)
IP_PROTO: Final = Field("ip_proto", 8, _OXM, 10)
IPV4_SRC: Final = Field("ipv4_src", 32, _OXM, 11)
IPV4_DST: Final = Field("ipv4_dst", 32, _OXM, 12)
TCP_DST: Final = Field("tcp_dst", 16, _OXM, 14)
UDP_SRC: Final = Field("udp_src", 16, _OXM, 15)
UDP_DST: Final = Field("udp_dst", 16, _OXM, 16)
ICMP_TYPE: Final = Field("icmpv4_type", 8, _OXM, 19)
ICMP_CODE: Final = Field("icmpv4_code", 8, _OXM, 20)
ARP_OP: Final = Field("arp_op", 16, _OXM, 21)
ARP_SPA: Final = Field("arp_spa", 32, _OXM, 22)
ARP_TPA: Final = Field("arp_tpa", 32, _OXM, 23)
ARP_SHA: Final = Field("arp_sha", 48, _OXM, 24)
ARP_THA: Final = Field("arp_tha", 48, _OXM, 25)
IP_TTL: Final = Field("nw_ttl", 8, _NXM1, 29)
CT_STATE: Final = Field("ct_state", 32, _NXM1, 105)
CT_MARK: Final = Field("ct_mark", 32, _NXM1, 107)
CONJ_ID: Final = Field("conj_id", 32, _NXM1, 37)
NXM_IN_PORT: Final = Field("nxm_in_port", 16, _NXM0, 0)
VLAN_TCI: Final = Field("vlan_tci", 16, _NXM0, 4)
REGS: Final = tuple(Field(f"reg{n}", 32, _NXM1, n) for n in range(16))

ALL: Final = (
    *(IN_PORT, ETH_DST, ETH_SRC, ETH_TYPE, VLAN_VID, IP_DSCP, IP_PROTO, IPV4_SRC, IPV4_DST),
    *(TCP_DST, UDP_SRC, UDP_DST, ICMP_TYPE, ICMP_CODE, ARP_OP, ARP_SPA, ARP_TPA, ARP_SHA, ARP_THA),
    *(IP_TTL, CT_STATE, CT_MARK, CONJ_ID, NXM_IN_PORT, VLAN_TCI, *REGS),
)
BY_NAME: Final = {field.name: field for field in ALL}

ETH_IPV4: Final = 0x0800
ETH_ARP: Final = 0x0806
ETH_8021Q: Final = 0x8100
ETH_8021AD: Final = 0x88A8
PROTO_ICMP: Final = 1
PROTO_TCP: Final = 6
PROTO_UDP: Final = 17
VID_PRESENT: Final = 0x1000  # OFPVID_PRESENT, OpenFlow 1.4.1 section 7.2.3.7

# ct_state bits, ovs-fields(7)
CT_NEW: Final = 0x01
CT_EST: Final = 0x02
CT_REL: Final = 0x04
CT_RPL: Final = 0x08
CT_INV: Final = 0x10
CT_TRK: Final = 0x20


@dataclass(frozen=True, slots=True)
class Bits:
    """A contiguous range of a field's bits: ``width`` bits from bit ``offset`` up."""

    field: Field
    offset: int
    width: int

    @property
    def mask(self) -> int:
        """The range as a mask of its field."""
        return ((1 << self.width) - 1) << self.offset


def whole(field: Field) -> Bits:
    """All bits of a field."""
    return Bits(field, 0, field.bits)
