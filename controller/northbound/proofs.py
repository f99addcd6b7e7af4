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
from controller.northbound.explaining import explanation_view, verdict_view
from controller.northbound.operations import known_name
from controller.northbound.ports import Controller
from controller.northbound.programs import Programs
from controller.northbound.views import Body
from controller.verify.check import check
from controller.verify.explain import explain

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
        if source == destination:
            message = "an instance does not reach itself through the network; name another"
            raise Invalid((Problem("to", message),))
        sender, receiver = (network.intent.instances[name] for name in (source, destination))
        number = protocol_number(protocol)
        judged, programs = await self._judged(network)
        found = await asyncio.to_thread(
            explain, network, programs, sender, receiver, number, port, dscp
        )
        asked = {"from": source, "to": destination, "protocol": protocol, "port": port}
        shown = explanation_view(found, self._controller.origins())
        return {**asked, "dscp": dscp, **shown, "judged": judged}

    async def verify(self) -> Body:
        """Hold what switches are known to hold against the intent.

        ``flows`` compares entries with the intent's programs. ``pairs`` walks packets between all
        pairs of plugged instances through those entries and compares with what the intent means,
        independent of the compiler.
        """
        network, installed = self._controller.network(), self._controller.installed()
        revision, wanted = self._controller.revision(), await self._programs.of(network)
        mismatches = _mismatches(await asyncio.to_thread(plan, installed, wanted))
        verdict = await asyncio.to_thread(check, network, installed)
        return {
            "revision": revision,
            "holds": not (mismatches or verdict.witnesses),
            "flows": {"checked": sum(map(len, wanted.values())), "mismatches": mismatches},
            "pairs": verdict_view(verdict),
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
