"""What the northbound can do, once: every transport speaks to the same."""

from __future__ import annotations

from dataclasses import dataclass

from controller.northbound.access.gate import Gate
from controller.northbound.operations import Operations
from controller.northbound.ports import Controller
from controller.northbound.programs import Programs
from controller.northbound.proofs import Proofs
from controller.northbound.queries import Queries


@dataclass(frozen=True, slots=True)
class UseCases:
    """Reads, writes and proofs over one controller; a plan shown by one transport is known to all.

    ``gate`` is what every request passes first. ``apply_timeout_s`` is how long a write waits for
    switches unless the request says.
    """

    controller: Controller
    queries: Queries
    operations: Operations
    proofs: Proofs
    apply_timeout_s: float
    gate: Gate

    @staticmethod
    def of(
        controller: Controller,
        apply_timeout_s: float = 10.0,
        gate: Gate | None = None,
        *,
        incremental: bool = True,
    ) -> UseCases:
        """The use cases of a controller."""
        programs = Programs(incremental=incremental)
        return UseCases(
            controller,
            Queries(controller),
            Operations(controller, programs),
            Proofs(controller, programs),
            apply_timeout_s,
            gate or Gate(),
        )
