"""The use cases that judge flow tables: explain one packet, verify what switches hold."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from typing import Final

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program
from controller.dataplane.text import format_entry
from controller.diff.plan import Plan, plan
from controller.errors import Invalid, Problem
from controller.model.meaning import ICMP, TCP, UDP
from controller.model.network import Network
from controller.northbound.access.principals import ANYBODY, Principal
from controller.northbound.explaining import explanation_view, proof_view
from controller.northbound.operations import known_name
from controller.northbound.ports import Controller
from controller.northbound.programs import Programs
from controller.northbound.views import Body
from controller.verify.explain import explain
from controller.verify.proof import Held

_NUMBER: Final = re.compile(r"[0-9]{1,3}")  # a byte (RFC 791, section 3.1)
PROTOCOLS: Final = {"icmp": ICMP, "tcp": TCP, "udp": UDP}


class Proofs:
    """Questions about what switches hold or, before they do, what they shall hold."""

    def __init__(self, controller: Controller, programs: Programs) -> None:
        self._controller = controller
        self._programs = programs

    async def explain(
        self,
        source: str,
        destination: str,
        protocol: str,
        port: int,
        dscp: int,
        principal: Principal = ANYBODY,
    ) -> Body:
        """Why a packet between two instances passes or not. Raises NotFound and Invalid."""
        network = self._controller.network()
        for name in (source, destination):
            known_name(network.intent, "instances", name, principal)
        if source == destination:
            message = "an instance does not reach itself through the network; name another"
            raise Invalid((Problem("to", message),))
        sender, receiver = (network.intent.instances[name] for name in (source, destination))
        number = protocol_number(protocol)
        installed, programs = await self._held_or_wanted(network)
        found = await asyncio.to_thread(
            explain, network, programs, sender, receiver, number, port, dscp
        )
        asked = {"from": source, "to": destination, "protocol": protocol, "port": port}
        shown = explanation_view(found, self._controller.origins())
        unread = [name for name in found.crossed if name not in installed]
        judged = "wanted" if unread else "installed"
        return {**asked, "dscp": dscp, **shown, "judged": judged, "unread": unread}

    async def verify(self) -> Body:
        """Read the switches back and prove that they do what the intent means, and nothing else.

        ``flows`` compares entries with the intent's programs. ``pairs`` is the proof, independent
        of the compiler: what goes wrong, each with a witness packet and its walk. ``unread`` are
        switches that did not answer; nothing is said of them, so the whole does not hold.
        """
        network, revision = self._controller.network(), self._controller.revision()
        proof, held = await self._controller.prove()
        wanted = await self._programs.of(network)
        rows = {name: found.rows for name, found in held.items()}
        off = await asyncio.to_thread(plan, rows, {name: wanted[name] for name in rows})
        mismatches = [*_mismatches(off), *_strays(held)]
        unread = sorted(network.topology.switches.keys() - held.keys())
        return {
            "revision": revision,
            "holds": not (mismatches or proof.faults or unread),
            "unread": unread,
            "flows": {"checked": proof.rows, "mismatches": mismatches},
            "pairs": proof_view(network, proof),
        }

    async def _held_or_wanted(
        self, network: Network
    ) -> tuple[Mapping[str, Program], Mapping[str, Program]]:
        """What switches are known to hold; that, and of others what they shall hold."""
        installed = self._controller.installed()
        if installed.keys() >= network.topology.switches.keys():
            return installed, installed
        return installed, {**await self._programs.of(network), **installed}


def protocol_number(text: str) -> int:
    """The IP protocol number of a name or of the number itself. Raises Invalid."""
    number = PROTOCOLS.get(text.lower(), int(text) if _NUMBER.fullmatch(text) else -1)
    if not 0 <= number <= 255:
        message = f"expected tcp, udp, icmp or an IP protocol number, found {text[:80]}"
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


def _strays(held: Mapping[str, Held]) -> Iterator[Body]:
    for switch, found in held.items():
        for stray in found.strays:
            yield {"switch": switch, "what": "foreign", "entry": format_entry(stray)}
        for cookie in sorted(found.unreadable):
            yield {"switch": switch, "what": "foreign", "entry": f"cookie={cookie:#x}, unreadable"}
