"""The use cases that judge flow tables: explain one packet, verify all pairs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from controller.dataplane.program import Program
from controller.errors import Invalid, Problem
from controller.model.intent import Instance
from controller.model.meaning import ICMP, TCP, UDP
from controller.model.network import Network
from controller.northbound.operations import known_name
from controller.northbound.ports import Controller, Origins
from controller.northbound.programs import Programs
from controller.northbound.views import Body

PROTOCOLS: Final = {"icmp": ICMP, "tcp": TCP, "udp": UDP}


class Proofs:
    """Questions to the verifier, about what switches hold or, before they do, what they shall."""

    def __init__(self, controller: Controller, programs: Programs) -> None:
        self._controller = controller
        self._programs = programs

    async def _judged(self, network: Network) -> tuple[str, Mapping[str, Program]]:
        """What switches are known to hold, or what they shall hold while some are not known."""
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


def rule_view(name: str, origins: Origins) -> Body:
    """A rule with the place it was written down, where that is known."""
    file, line = origins.get(f"rules/{name}", (None, None))
    return {"name": name, "file": file, "line": line}
