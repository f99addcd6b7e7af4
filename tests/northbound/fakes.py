"""An engine in memory: the real core, without switches, store or sockets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from controller.compile import compile_network
from controller.dataplane.program import Program
from controller.errors import Conflict, NotFound
from controller.journal import Journal
from controller.model.decode import decode_intent
from controller.model.intent import Intent
from controller.model.network import Network, Topology
from controller.northbound.ports import (
    LinkLoad,
    Note,
    Origins,
    Outcome,
    ProofStatus,
    RevisionInfo,
    Sighting,
    SwitchStatus,
    Wait,
    Write,
    Written,
)
from controller.verify.proof import Held, Proof, prove
from tests.strategies import plugged, site

DOCUMENT = {
    "vrfs": {"business": {"id": 100}, "monitoring": {"id": 200}},
    "classes": {"realtime": {"dscp": 46, "queue": 1, "min_rate": "30%", "metric": "latency"}},
    "segments": {
        "orders": {"vrf": "business", "subnet": "10.20.1.0/24"},
        "metrics": {"vrf": "monitoring", "subnet": "10.30.1.0/24"},
    },
    "tenants": {"shop": {"segment": "orders"}, "ops": {"segment": "metrics"}},
    "services": {
        "web": {"tenant": "shop", "labels": {"tier": "web"}},
        "api": {"tenant": "shop", "labels": {"tier": "api"}},
        "prometheus": {"tenant": "ops", "labels": {"tier": "prometheus"}},
    },
    "instances": {
        "web-1": {"service": "web", "host": "host-1"},
        "api-1": {"service": "api", "host": "host-2"},
        "api-2": {"service": "api", "host": "host-1", "port": "vm", "vlan": 7},
        "prometheus-1": {"service": "prometheus", "host": "host-3"},
    },
    "rules": [
        {"name": "web-to-api", "from": {"tier": "web"}, "to": {"tier": "api"},
         "allow": ["tcp/8080"], "class": "realtime"},
        {"name": "scrape", "from": {"vrf": "monitoring"}, "to": {"vrf": "business"},
         "allow": ["tcp/9090"]},
    ],
}  # fmt: skip

Port = tuple[str, str]
HOSTS = frozenset({"host-1", "host-2", "host-3"})


class FakeController:
    """Fulfils :class:`controller.northbound.ports.Controller`; switches obey at once.

    ``disconnected`` switches never apply, ``emptied`` ones lost all entries; ``meanwhile`` runs
    once before a write is compared with the newest revision, as another writer would.
    """

    def __init__(self, document: object = DOCUMENT, topology: Topology | None = None) -> None:
        self.topology = topology or site()
        hosts = frozenset(switch.host for switch in self.topology.switches.values() if switch.host)
        intent = decode_intent(document, hosts=hosts)
        self.history: list[tuple[RevisionInfo, Intent]] = []
        self.places: Origins = {}
        self.disconnected: set[str] = set()
        self.emptied: set[str] = set()
        self.carried = {"core": LinkLoad(412_000_000, 9_800_000)}
        self.sighted: list[Sighting] = []
        self.keys: dict[str, int] = {}
        self.journal = Journal()
        self.meanwhile: Callable[[], None] | None = None
        self.store(intent, "test", "first")

    def store(
        self, intent: Intent, author: str = "other", message: str = "", note: Note | None = None
    ) -> None:
        number = len(self.history) + 1
        info = RevisionInfo(number, author, message, "2026-01-01T00:00:00Z")
        if note is not None:
            info = replace(info, changes=note.changes, request=note.request)
            self.keys |= {note.key: number} if note.key else {}
        self.history.append((info, intent))
        self._network = Network(intent, self.topology, plugged(intent, self.topology))

    def replug(self, edit: Callable[[Mapping[Port, int]], Mapping[Port, int]]) -> None:
        """Other ports are there, by (switch, port) and number."""
        facts = self._network.facts
        self._network = replace(self._network, facts=replace(facts, ports=edit(facts.ports)))

    def cut(self, *links: str) -> None:
        """These links are down."""
        facts = replace(self._network.facts, down_links=frozenset(links))
        self._network = replace(self._network, facts=facts)

    def network(self) -> Network:
        return self._network

    def revision(self) -> int:
        return len(self.history)

    def origins(self) -> Origins:
        return self.places

    def switches(self) -> Sequence[SwitchStatus]:
        programs = self.installed()
        return [
            SwitchStatus(
                name,
                switch.number,
                switch.role,
                switch.host,
                name not in self.disconnected,
                name not in self.disconnected,
                self.revision(),
                len(programs.get(name, ())),
                "not connected" if name in self.disconnected else None,
            )
            for name, switch in self.topology.switches.items()
        ]

    def installed(self) -> Mapping[str, Program]:
        programs = compile_network(self._network)
        known = {n: p for n, p in programs.items() if n not in self.disconnected}
        return {**known, **dict.fromkeys(self.emptied, Program())}

    def loads(self) -> Mapping[str, LinkLoad]:
        return self.carried

    def sightings(self) -> Sequence[Sighting]:
        return self.sighted

    def proofs(self) -> ProofStatus:
        return ProofStatus(None, None)

    async def prove(self) -> tuple[Proof, Mapping[str, Held]]:
        held = {name: Held(rows) for name, rows in self.installed().items()}
        return prove(self._network, held), held

    def started(self) -> bool:
        return True

    def ready(self) -> tuple[bool, str]:
        pending = ", ".join(f"{name}: not connected" for name in sorted(self.disconnected))
        return not pending, pending or "every switch holds the newest revision"

    async def submit(self, write: Write, *, wait: Wait, timeout_s: float) -> Written:
        if self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            act()
        if write.expected not in (None, self.revision()):
            raise Conflict(f"made against revision {write.expected}, not {self.revision()}")
        draft = write.plan(self._network, self.places)
        if draft.changes_something:
            self.store(draft.intent, draft.note.author, draft.note.message, draft.note)
            self.places = draft.origins
        outcome = self.outcome()
        applied = outcome.applied and wait == "applied"
        return Written(draft, replace(outcome, applied=applied))

    def outcome(self) -> Outcome:
        pending = dict.fromkeys(sorted(self.disconnected), "not connected")
        return Outcome(self.revision(), not pending, pending)

    def events(self) -> Journal:
        return self.journal

    async def revision_of(self, key: str) -> RevisionInfo | None:
        number = self.keys.get(key)
        return None if number is None else self.history[number - 1][0]

    async def revisions(self, limit: int) -> Sequence[RevisionInfo]:
        return [info for info, _ in reversed(self.history)][:limit]

    async def intent_at(self, number: int) -> Intent:
        if not 1 <= number <= len(self.history):
            raise NotFound(f"there is no revision {number}")
        return self.history[number - 1][1]
