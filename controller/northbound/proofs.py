"""The use cases that judge flow tables: explain one packet, verify what switches hold."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program
from controller.dataplane.text import format_entry
from controller.diff.plan import Plan, plan
from controller.errors import Invalid, Problem
from controller.model.meaning import ICMP, TCP, UDP
from controller.model.network import Network
from controller.northbound.explaining import Packet, explain_view
from controller.northbound.operations import known_name
from controller.northbound.ports import Controller
from controller.northbound.programs import Programs
from controller.northbound.views import Body

PROTOCOLS: Final = {"icmp": ICMP, "tcp": TCP, "udp": UDP}


class Proofs:
    """Questions about what switches hold or, before they do, what they shall hold."""

    def __init__(self, controller: Controller, programs: Programs) -> None:
        self._controller = controller
        self._programs = programs

    async def explain(
        self, source: str, destination: str, protocol: str, port: int, dscp: int
    ) -> Body:
        """Why a packet between two instances passes or not. Raises NotFound and Invalid."""
        network = self._controller.network()
        for name in (source, destination):
            known_name(network.intent, "instances", name)
        packet = Packet(
            network.intent.instances[source],
            network.intent.instances[destination],
            protocol_number(protocol),
            port,
            dscp,
        )
        asked = {"from": source, "to": destination, "protocol": protocol, "port": port}
        judged, programs = await self._judged(network)
        origins = self._controller.origins()
        found = await asyncio.to_thread(explain_view, network, origins, programs, packet)
        return {**asked, "dscp": dscp, **found, "judged": judged}

    async def verify(self) -> Body:
        """Compare what switches are known to hold with what the intent makes of them."""
        network, installed = self._controller.network(), self._controller.installed()
        wanted = await self._programs.of(network)
        found = await asyncio.to_thread(plan, installed, wanted)
        mismatches = _mismatches(found)
        return {
            "revision": self._controller.revision(),
            "holds": not mismatches,
            "checked": sum(map(len, wanted.values())),
            "mismatches": mismatches,
        }

    async def _judged(self, network: Network) -> tuple[str, Mapping[str, Program]]:
        installed = self._controller.installed()
        if installed.keys() >= network.topology.switches.keys():
            return "installed", installed
        return "wanted", await self._programs.of(network)


def protocol_number(text: str) -> int:
    """The IP protocol number of a name or of the number itself. Raises Invalid."""
    number = PROTOCOLS.get(text.lower(), int(text) if text.isdecimal() else -1)
    if not 0 <= number <= 255:
        message = f"expected tcp, udp, icmp or an IP protocol number, found {text}"
        raise Invalid((Problem("protocol", message),))
    return number


def _mismatches(found: Plan) -> list[Body]:
    return [
        {"switch": switch, "what": what, "entry": format_entry(SHAPES[row.shape].entry(row))}
        for switch, delta in found.switches.items()
        for what, rows in (
            ("missing", delta.added),
            ("differs", delta.changed),
            ("extra", delta.removed),
        )
        for row in rows
    ]
