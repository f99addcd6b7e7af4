"""The use cases that judge flow tables: explain one packet, verify all pairs."""

from __future__ import annotations

from controller.northbound.ports import Controller
from controller.northbound.programs import Programs
from controller.northbound.views import Body


class Proofs:
    """Questions to the verifier, about what switches hold or, before they do, what they shall."""

    def __init__(self, controller: Controller, programs: Programs) -> None:
        self._controller = controller
        self._programs = programs

    async def explain(
        self, source: str, destination: str, protocol: str, port: int, dscp: int
    ) -> Body:
        raise NotImplementedError

    async def verify(self) -> Body:
        raise NotImplementedError
