"""Programs of networks, compiled off the event loop, each from the one before where it may be."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from controller.compile import Compilation, compilation
from controller.dataplane.program import Program
from controller.model.network import Network


class Programs:
    """Compiles networks. The last ones are kept: plans and questions ask for them again.

    ``incremental``: what a change leaves as it is, is not compiled again.
    """

    def __init__(self, *, incremental: bool = True) -> None:
        self._incremental = incremental
        self._last: list[tuple[Network, Compilation]] = []
        self._turn = asyncio.Lock()

    async def of(self, network: Network) -> Mapping[str, Program]:
        """The program of every switch, by name."""
        async with self._turn:
            for known, compiled in self._last:
                if known is network:
                    return compiled.programs
            before = self._last[0][1] if self._last and self._incremental else None
            compiled = await asyncio.to_thread(compilation, network, before)
            self._last = [(network, compiled), *self._last[:1]]
            return compiled.programs
