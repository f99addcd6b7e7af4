"""The use cases that only read: objects, reachability, routes, switches, revisions, status."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version

from controller.errors import NotFound
from controller.model.collections import COLLECTIONS
from controller.model.encode import encode_intent
from controller.model.intent import BEST_EFFORT, Intent, QosClass
from controller.model.network import Network, Switch
from controller.model.problems import closest
from controller.northbound.access.principals import ANYBODY, Principal
from controller.northbound.capacity import capacity
from controller.northbound.matrix import Cut, Matrices
from controller.northbound.operations import known_collection, known_name
from controller.northbound.paging import ALL, Page, Wish, cut_out
from controller.northbound.ports import Controller
from controller.northbound.reaching import Openings, Wanted
from controller.northbound.selecting import selected
from controller.northbound.stale import revision_view
from controller.northbound.views import (
    Body,
    object_view,
    switch_view,
    topology_view,
)
from controller.topology.protection import Detour, Failures
from controller.topology.routes import Path, Routes


def _version() -> str:
    try:
        return version("bulkhead-sdn")
    except PackageNotFoundError:
        return "unknown"  # run from a source tree that was never installed


VERSION = _version()


class Queries:
    """Reads of the desired network and of what is known of the switches."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._openings: Openings | None = None  # of the newest intent that was asked for
        self._matrices: Matrices | None = None

    def objects(self, collection: str, wish: Wish = ALL, principal: Principal = ANYBODY) -> Page:
        """The objects of a collection, by name: those that are wished for. Raises NotFound."""
        known_collection(collection)
        network = self._controller.network()
        intent = network.intent
        names: Iterable[str] = selected(intent, collection, wish.selection)
        if principal.tenants is not None:
            names = [name for name in names if principal.sees(intent, collection, name)]
        chosen, more = cut_out(names, wish)
        items = [object_view(network, collection, name) for name in chosen]
        return Page(items, chosen[-1] if more else None)

    def object(self, collection: str, name: str, principal: Principal = ANYBODY) -> Body:
        """One object. Raises NotFound."""
        known_collection(collection)
        network = self._controller.network()
        known_name(network.intent, collection, name, principal)
        return object_view(network, collection, name)

    async def pairs(self, wanted: Wanted) -> Page:
        """A page of the pairs of services of which one may open something to the other.

        Raises NotFound.
        """
        intent = self._controller.network().intent
        asked = {"services": (wanted.source, wanted.destination), "tenants": (wanted.tenant,)}
        for collection, names in asked.items():
            for name in names:
                if name is not None:
                    known_name(intent, collection, name)
        return await asyncio.to_thread(self._page, intent, wanted)

    def _page(self, intent: Intent, wanted: Wanted) -> Page:
        known = self._openings
        if known is None or known.intent is not intent:
            self._openings = known = Openings(intent)
        return known.page(wanted)

    async def matrix(self, source: str | None, destination: str | None, cut: Cut) -> Body:
        """Who may open something to whom, and was seen to: tenants, or services of two tenants.

        Raises NotFound.
        """
        intent = self._controller.network().intent
        for name in filter(None, (source, destination)):
            known_name(intent, "tenants", name)
        if self._matrices is None or self._matrices.intent is not intent:
            self._matrices = Matrices(intent)
        seen = self._controller.sightings()
        return await asyncio.to_thread(self._matrices.of, source, destination, cut, seen)

    def topology(self) -> Body:
        """Switches, links and hosts."""
        return topology_view(self._controller.network(), self._controller.loads())

    def switches(self) -> list[Body]:
        """Every declared switch with its state."""
        return [switch_view(status) for status in self._controller.switches()]

    def routes(self, source: str, destination: str, qos_class: str, vrf: str | None) -> Body:
        """The way frames of a class take between two hosts, for each VRF. Raises NotFound."""
        network = self._controller.network()
        start, end = _edge(network, source), _edge(network, destination)
        chosen = _class(network, qos_class)
        if vrf is not None:
            known_name(network.intent, "vrfs", vrf)
        failures = Failures(network, Routes.of(network))
        vrfs = [vrf] if vrf else list(network.intent.vrfs)
        return {
            "from": source,
            "to": destination,
            "class": chosen.name,
            "metric": chosen.metric,
            "paths": [_path(failures, chosen, start, end, name) for name in vrfs],
        }

    def capacity(self, host: str | None) -> Body:
        """What is left to be had, at one host or everywhere. Raises NotFound."""
        return capacity(self._controller.network(), host)

    async def revisions_below(self, number: int | None, limit: int) -> Page:
        """A page of the revisions before one (None: of all), newest first."""
        newer = 0 if number is None else max(0, self._controller.revision() - number + 1)
        infos = await self._controller.revisions(newer + limit + 1)
        older = [info for info in infos if number is None or info.number < number]
        chosen = older[:limit]
        last = str(chosen[-1].number) if len(older) > limit else None
        return Page([revision_view(info) for info in chosen], last)

    async def revision(self, number: int) -> Body:
        """The whole document of a revision. Raises NotFound."""
        intent = await self._controller.intent_at(number)
        return {"revision": number, "document": encode_intent(intent)}

    def status(self) -> Body:
        """Where things stand, in one answer."""
        ready, reason = self._controller.ready()
        switches = self._controller.switches()
        intent = self._controller.network().intent
        return {
            "version": VERSION,
            "revision": self._controller.revision(),
            "started": self._controller.started(),
            "ready": ready,
            "reason": reason,
            "switches": {
                "declared": len(switches),
                "connected": sum(status.connected for status in switches),
                "in_sync": sum(status.in_sync for status in switches),
                "entries": sum(status.entries for status in switches),
            },
            "proof": asdict(self._controller.proofs()),
            "objects": {name: len(getattr(intent, name)) for name in COLLECTIONS},
        }


def _path(failures: Failures, chosen: QosClass, start: Switch, end: Switch, vrf: str) -> Body:
    path = failures.routes.path(chosen.metric, start.name, end.name, vrf)
    if path is None:
        return {"vrf": vrf, "reachable": False}
    protection = failures.protection(path, chosen.metric, vrf)
    return {
        "vrf": vrf,
        "reachable": True,
        **_way(path),
        "protection": {
            "by": "recomputation",
            "links": list(map(_detour, protection.links)),
            "switches": list(map(_detour, protection.switches)),
            "single_points": list(protection.single_points),
        },
    }


def _detour(detour: Detour) -> Body:
    return {"name": detour.name, "then": None if detour.then is None else _way(detour.then)}


def _way(path: Path) -> Body:
    return {
        "switches": list(path.switches),
        "links": list(path.links),
        "latency_us": path.latency_us,
        "cost": path.cost,
    }


def _edge(network: Network, host: str) -> Switch:
    edge = network.topology.edge_of(host)
    if edge is None:
        hosts = [s.host for s in network.topology.switches.values() if s.role == "edge"]
        raise NotFound(f"there is no host `{host}`{closest(host, hosts)}")
    return edge


def _class(network: Network, name: str) -> QosClass:
    if name == BEST_EFFORT.name:
        return network.intent.classes.get(name, BEST_EFFORT)
    known_name(network.intent, "classes", name)
    return network.intent.classes[name]


__all__ = ["Queries", "VERSION"]
