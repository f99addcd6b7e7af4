"""Packets that switches hand up: DHCP requests are answered, denied packets are told of.

Switches limit how many there are (:mod:`controller.southbound.meters`). What is not understood is
left alone: an instance may send anything.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Final

from controller.dataplane import cookie, registers
from controller.dataplane.pipeline import Table
from controller.errors import RemoteError
from controller.journal import Journal
from controller.model.holdings import holdings
from controller.model.intent import Instance
from controller.model.network import Network
from controller.northbound.views import INSTANCE_MTU
from controller.packets import dhcp
from controller.packets.denials import Denials, denial
from controller.packets.headers import Headers, read
from controller.southbound.channel import Session, SpeakerChannel
from controller.southbound.openflow.punts import PacketIn, packet_in, packet_out
from controller.southbound.window import SessionLost

log = logging.getLogger(__name__)

_KINDS: Final = {dhcp.OFFER: "is offered", dhcp.ACK: "has been given", dhcp.NAK: "is refused for"}


class HandedUp:
    """Takes a channel's packets. ``names``: switches by datapath id; ``lease_s`` 0: no DHCP."""

    def __init__(
        self,
        channel: SpeakerChannel,
        network: Callable[[], Network],
        names: Mapping[int, str],
        journal: Journal,
        lease_s: int,
    ) -> None:
        self._channel = channel
        self._network = network
        self._names = names
        self._journal = journal
        self._lease_s = lease_s
        self._denials = Denials(time.monotonic)
        self._sending: set[asyncio.Task[None]] = set()
        self.on_denied: Callable[[str], None] = lambda _switch: None
        """Called with the switch for each denied packet, news or not."""

    def take(self, session: Session, message: bytes) -> None:
        """A packet-in message."""
        switch = self._names.get(session[0])
        if switch is None:
            return
        try:
            packet = packet_in(message)
            headers = read(packet.data)
            if cookie.parse(packet.cookie).feature == cookie.Feature.DHCP:
                self._dhcp(session, switch, packet, headers)
            elif packet.table in (Table.RESOLVE, Table.PERMIT):
                self._denied(switch, packet, headers)
        except RemoteError as error:
            log.debug("%s handed up what is left alone: %s", switch, error)

    def _dhcp(self, session: Session, switch: str, packet: PacketIn, headers: Headers) -> None:
        nested = headers.vlan or packet.read(registers.NESTED.bits)
        instance = self._asker(switch, packet.in_port, nested, headers.mac)
        asked = dhcp.read(headers.payload)
        if instance is None or asked is None or not self._lease_s:
            log.debug("%s port %d: nothing to answer %s", switch, packet.in_port, headers.mac)
            return
        if asked.kind == dhcp.DECLINE:
            log.warning("%s finds %s in use by another", instance.name, instance.ip)
        reply = dhcp.answer(asked, self._lease(instance))
        if reply is not None:
            what = f"{instance.name} {_KINDS[reply.kind]} {instance.ip}"
            log.debug("%s: %s", switch, what)
            self._send(session, packet.in_port, dhcp.tagged(reply.frame, nested))

    def _asker(self, switch: str, port: int, nested: int, mac: str) -> Instance | None:
        """The instance that is plugged there and has this MAC; nobody is told of another's."""
        network = self._network()
        name = holdings(network.intent).macs.get(mac)
        instance = network.intent.instances.get(name) if name else None
        if instance is None or network.port_number(switch, instance.port) != port:
            return None
        return instance if instance.nested_vlan == nested else None

    def _lease(self, instance: Instance) -> dhcp.Lease:
        segment = self._network().intent.segment_of(instance)
        return dhcp.Lease(
            name=instance.name,
            mac=instance.mac,
            ip=instance.ip,
            subnet=segment.subnet,
            gateway=segment.gateway,
            mtu=INSTANCE_MTU,
            duration_s=self._lease_s,
        )

    def _send(self, session: Session, port: int, frame: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._try(session, port, frame))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _try(self, session: Session, port: int, frame: bytes) -> None:
        try:
            await self._channel.send(session, [packet_out(self._channel.xid(), port, frame)])
        except SessionLost:
            log.debug("an answer is lost with its session; the client asks again")

    def _denied(self, switch: str, packet: PacketIn, headers: Headers) -> None:
        self.on_denied(switch)
        found = denial(self._network().intent, packet.read(registers.VRF.bits), headers)
        if found and self._denials.is_news(found.source.name, found.destination.name):
            self._journal.record("denied", switch=switch, **found.document())
