"""Which way frames take once a part of theirs has failed, as the controller would work it out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from controller.model.intent import Metric
from controller.model.network import Network
from controller.topology.routes import Path, Routes


@dataclass(frozen=True, slots=True)
class Detour:
    """A link or switch of a path, and the path that frames take without it; None where there is
    none: then it is a single point of failure."""

    name: str
    then: Path | None


@dataclass(frozen=True, slots=True)
class Protection:
    """What becomes of a path when one of its links, or of the switches it only passes, fails.

    Without the switch at either end there is nobody to reach: those are not asked about.
    """

    links: tuple[Detour, ...]
    switches: tuple[Detour, ...]

    @property
    def single_points(self) -> tuple[str, ...]:
        """The names of what no other way goes round: switches, then links."""
        found = (*self.switches, *self.links)
        return tuple(detour.name for detour in found if detour.then is None)


@dataclass(frozen=True, slots=True)
class Failures:
    """The routes of a network after each failure that is asked about, worked out once."""

    network: Network
    routes: Routes
    _known: dict[frozenset[str], Routes] = field(default_factory=dict, repr=False)

    def protection(self, path: Path, metric: Metric, vrf: str) -> Protection:
        """That of a way which frames of a VRF take now."""
        start, end = path.switches[0], path.switches[-1]

        def without(links: frozenset[str]) -> Path | None:
            return self._routes(links).path(metric, start, end, vrf)

        return Protection(
            tuple(Detour(link, without(frozenset({link}))) for link in path.links),
            tuple(Detour(name, without(self._links_of(name))) for name in path.switches[1:-1]),
        )

    def _links_of(self, switch: str) -> frozenset[str]:
        links = self.network.topology.links.values()
        return frozenset(link.name for link in links if switch in (link.a.switch, link.b.switch))

    def _routes(self, failed: frozenset[str]) -> Routes:
        if failed not in self._known:
            facts = self.network.facts
            down = replace(facts, down_links=facts.down_links | failed)
            after = replace(self.network, facts=down)
            self._known[failed] = Routes.of(after, self.routes)
        return self._known[failed]
