"""The wire tag: how (VRF id, extended VLAN id) looks between switches, as S-VID and C-VID.

An 802.1Q VLAN id has 12 bits of which 0 (priority tag) and 4095 (reserved) carry no VLAN
(IEEE 802.1Q-2018, table 9-2), so 4096..8192 never fits one tag. Counting the (VRF, VLAN) pairs
from 0 and writing the count in base 4094, each digit plus one, uses both tags fully:

    n = (vrf_id - 1) * 4097 + (vlan_id - 4096);  S-VID = 1 + n // 4094;  C-VID = 1 + n % 4094
"""

from __future__ import annotations

from typing import Final, NamedTuple

from controller.model.intent import VLAN_ID_MAX, VLAN_ID_MIN, VRF_ID_MAX, VRF_ID_MIN

_VIDS: Final = 4094  # usable values of a 12-bit VLAN id: 1..4094
_VLANS: Final = VLAN_ID_MAX - VLAN_ID_MIN + 1


class WireTag(NamedTuple):
    """Outer (service) and inner (customer) VLAN id of a frame between switches."""

    s_vid: int
    c_vid: int

    @property
    def number(self) -> int:
        """Both ids as one 24-bit number, S-VID high: the segment's number in registers."""
        return self.s_vid << 12 | self.c_vid


def outer_of(number: int) -> int:
    """The S-VID of a tag that is given as a number."""
    return number >> 12


def wire_tag(vrf_id: int, vlan_id: int) -> WireTag:
    """The tag of a VLAN in a VRF. Raises ValueError outside the documented ranges."""
    if not VRF_ID_MIN <= vrf_id <= VRF_ID_MAX:
        raise ValueError(f"VRF id {vrf_id} is not in {VRF_ID_MIN}..{VRF_ID_MAX}")
    if not VLAN_ID_MIN <= vlan_id <= VLAN_ID_MAX:
        raise ValueError(f"VLAN id {vlan_id} is not in {VLAN_ID_MIN}..{VLAN_ID_MAX}")
    outer, inner = divmod((vrf_id - 1) * _VLANS + vlan_id - VLAN_ID_MIN, _VIDS)
    return WireTag(outer + 1, inner + 1)


def untag(tag: WireTag) -> tuple[int, int]:
    """(VRF id, VLAN id) of a tag: the inverse of :func:`wire_tag`. Raises ValueError."""
    if not (1 <= tag.s_vid <= _VIDS and 1 <= tag.c_vid <= _VIDS):
        raise ValueError(f"{tag} has a VLAN id outside 1..{_VIDS}")
    vrf, vlan = divmod((tag.s_vid - 1) * _VIDS + tag.c_vid - 1, _VLANS)
    if vrf + 1 > VRF_ID_MAX:
        raise ValueError(f"{tag} is beyond the last VRF id {VRF_ID_MAX}")
    return vrf + 1, vlan + VLAN_ID_MIN
