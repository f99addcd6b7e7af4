"""A site of ten thousand services, as the page sees it: no switch has to obey."""

from __future__ import annotations

from collections.abc import Mapping

from bench import workload
from controller.dataplane.program import Program
from tests.northbound.fakes import FakeController

SERVICES = 10_000


class LargeController(FakeController):
    """An engine that has the site of the benchmarks."""

    def __init__(self, services: int = SERVICES) -> None:
        super().__init__()
        network = workload.network(services)
        self.topology = network.topology
        self.carried = {}
        self.history.clear()
        self.store(network.intent, "test", "ten thousand services")

    def installed(self) -> Mapping[str, Program]:
        return {}
