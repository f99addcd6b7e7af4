"""Programs of networks, compiled off the event loop and remembered while the network stays."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from controller.compile import compile_network
from controller.dataplane.program import Program
from controller.model.network import Network


class Programs:
    """Compiles networks. The last result is kept: plans and questions ask for it again."""

    def __init__(self) -> None:
        self._last: tuple[Network, Mapping[str, Program]] | None = None

    async def of(self, network: Network) -> Mapping[str, Program]:
        """The program of every switch, by name."""
        last = self._last
        if last is not None and last[0] is network:
            return last[1]
        compiled = await asyncio.to_thread(compile_network, network)
        self._last = (network, compiled)
        return compiled
