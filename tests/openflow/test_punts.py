"""Messages about single packets, read back by what Ryu reads them with."""

from __future__ import annotations

import struct

import pytest
from ryu.ofproto import ofproto_v1_4, ofproto_v1_4_parser

from controller.dataplane import registers
from controller.errors import RemoteError
from controller.southbound.meters import RATES, Meters
from controller.southbound.openflow.messages import Type, message
from controller.southbound.openflow.punts import MeterCommand, meter_mod, packet_in, packet_out


class Datapath:
    """What Ryu's parser asks of a datapath."""

    ofproto = ofproto_v1_4
    ofproto_parser = ofproto_v1_4_parser


def handed_up(data: bytes, **fields: int) -> bytes:
    """A packet-in as Ryu makes it, with an unknown field before the rest."""
    match = ofproto_v1_4_parser.OFPMatch(metadata=5, **fields)
    body = bytearray()
    size = match.serialize(body, 0)
    head = struct.pack("!IHBBQ", 0xFFFFFFFF, len(data), 1, 7, 0xB047010A00000001)
    return message(Type.PACKET_IN, 0, head + bytes(body[:size]) + bytes(2) + data)


def test_a_packet_is_read_with_what_was_known_of_it() -> None:
    found = packet_in(handed_up(b"frame", in_port=9, reg0=0x10064))
    assert (found.table, found.cookie, found.data) == (7, 0xB047010A00000001, b"frame")
    assert found.in_port == 9
    assert found.read(registers.VRF.bits) == 100
    assert found.read(registers.FAR.bits) == 1
    assert found.read(registers.NESTED.bits) == 0


def test_a_packet_cut_short_is_told() -> None:
    whole = handed_up(b"frame", in_port=9)
    for size in range(8, len(whole)):
        with pytest.raises(RemoteError, match="packet-in"):
            packet_in(whole[:size])


def test_a_packet_is_sent_as_it_is() -> None:
    wanted = ofproto_v1_4_parser.OFPPacketOut(
        Datapath(),
        buffer_id=ofproto_v1_4.OFP_NO_BUFFER,
        in_port=ofproto_v1_4.OFPP_CONTROLLER,
        actions=[ofproto_v1_4_parser.OFPActionOutput(3, 0)],
        data=b"frame",
    )
    wanted.xid = 7
    wanted.serialize()
    assert packet_out(7, 3, b"frame") == bytes(wanted.buf)


def test_a_meter_has_its_rate() -> None:
    data = meter_mod(7, MeterCommand.MODIFY, 2, rate_pps=20, burst=50)
    wanted = ofproto_v1_4_parser.OFPMeterMod(
        Datapath(),
        command=ofproto_v1_4.OFPMC_MODIFY,
        flags=ofproto_v1_4.OFPMF_PKTPS | ofproto_v1_4.OFPMF_BURST,
        meter_id=2,
        bands=[ofproto_v1_4_parser.OFPMeterBandDrop(rate=20, burst_size=50)],
    )
    wanted.xid = 7
    wanted.serialize()
    assert data == bytes(wanted.buf)


def test_a_session_gets_its_meters_once() -> None:
    numbers = iter(range(100))
    meters = Meters(lambda: next(numbers))
    assert len(list(meters.missing((1, 1)))) == 2 * len(RATES)
    assert list(meters.missing((1, 1))) == []
    assert len(list(meters.anew((1, 1)))) == 2 * len(RATES)
    assert list(meters.missing((1, 1))) == []
    assert len(list(meters.missing((2, 1)))) == 2 * len(RATES)
    assert len(list(meters.missing((1, 2)))) == 2 * len(RATES)
    meters.forget((1, 2))
    assert len(list(meters.missing((1, 2)))) == 2 * len(RATES)
