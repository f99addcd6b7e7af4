"""What a write's `?dry_run=true` says is what the same write then does: writes of every kind.

Moves, placements, single objects with whatever is allocated to them, one after another on one site;
a write that is refused is refused as a dry run too, for the same reasons.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.model.decode import decode_intent
from controller.model.decode_topology import decode_topology
from controller.model.intent import Intent
from controller.model.network import Facts, Network
from labkit.faults import Write
from tests.chance import often
from tests.faults.site import POLICY, TOPOLOGY
from tests.faults.writes import HOSTS, draw
from tests.northbound.client import Client
from tests.northbound.engines import plugged_for, running
from tests.northbound.test_plan_is_apply import entries_are, in_place, reach_is
from tests.sites import plugged

WRITES: Final = 4
NEW: Final = ("new-1", "new-2")
_ALLOCATED: Final = ("ip", "mac", "port", "id", "vlan", "vrf", "segment", "subnet", "items")
"""What an answer tells of addresses and numbers that were chosen for the object."""


def known_kind(random: Random, intent: Intent) -> Write:
    """A rule, a tenant's or an instance's move, a class, a service, several rules."""
    write = draw(random, intent).write
    return Write(write.method, write.path.partition("?")[0], write.body)


def instance(random: Random, _intent: Intent) -> Write:
    """A new one, or another in its place: address, MAC and id are allocated."""
    name = random.choice(NEW)
    return Write("PUT", f"/v1/instances/{name}", placed(random))


def placed(random: Random) -> dict[str, Any]:
    service = random.choice(("web", "api", "store", "probe"))
    return {"service": service, "host": random.choice(sorted(HOSTS))}


def gone(random: Random, intent: Intent) -> Write:
    """An instance or a rule is deleted, also one that is not there."""
    collection = random.choice(("instances", "rules"))
    names = [*getattr(intent, collection), "unknown"]
    return Write("DELETE", f"/v1/{collection}/{random.choice(sorted(names))}")


def segment(random: Random, _intent: Intent) -> Write:
    """A segment whose VLAN id is allocated, and its subnet where none is given."""
    body = {"vrf": random.choice(("business", "monitoring")), "vlan": "auto"}
    subnet = {"subnet": f"10.7.{random.randint(0, 2)}.0/24"} if random.random() < 0.7 else {}
    return Write("PUT", f"/v1/segments/{random.choice(NEW)}", {**body, **subnet})


def placements(random: Random, intent: Intent) -> Write:
    """Several at once; what cannot be done is left out, or keeps all from being done."""
    some = [
        {"op": "place", "instance": random.choice(NEW), **placed(random)},
        {"op": "remove", "instance": random.choice(sorted(intent.instances))},
        {"op": "move", "tenant": random.choice(sorted(intent.tenants)), "vrf": "business",
         "vlan": "auto"},
        *({"op": "move", "instance": name, "host": random.choice(sorted(HOSTS))}
          for name in random.sample(sorted(intent.instances), 2)),
    ]  # fmt: skip
    items = random.sample(some, random.randint(1, len(some)))
    return Write("POST", "/v1/placements", {"items": items, "atomic": random.random() < 0.5})


KINDS: Final[tuple[Callable[[Random, Intent], Write], ...]] = (
    *(known_kind, known_kind, instance, gone, segment, placements),
)


@settings(max_examples=often(6))
@given(st.integers(0, 1 << 32))
def test_what_a_dry_run_says_is_what_the_write_does(seed: int) -> None:
    asyncio.run(_writes(Random(seed)))


async def _writes(random: Random) -> None:
    intent, topology = decode_intent(POLICY), decode_topology(TOPOLOGY)
    control, switches = await running(Network(intent, topology, every_port(intent)), intent)
    client = Client(control)
    await in_place(control)
    for _ in range(WRITES):
        write = random.choice(KINDS)(random, control.network().intent)
        held, old = dict(switches.held), control.network().intent
        said = await client.send(
            write.method, f"{write.path}?dry_run=true&detail=flows", json=write.body
        )
        assert control.network().intent == old and dict(switches.held) == held
        done = await client.send(write.method, f"{write.path}?timeout=60", json=write.body)
        if said.status_code >= 300:
            assert (done.status_code, done.json()) == (said.status_code, said.json()), write
            continue
        plan, answer = said.json(), done.json()
        assert done.status_code < 300, (write, answer)
        assert (answer["applied"], answer["changed"]) == (True, plan["changed"]), write
        for key in _ALLOCATED:
            assert answer.get(key) == plan.get(key), (write, key)
        entries_are(plan, held, switches.held)
        reach_is(plan["reach"], old, control.network().intent)
    await control.close()


def every_port(intent: Intent) -> Facts:
    """Links' ports, and on every edge that of every instance there is or may come to be."""
    topology = decode_topology(TOPOLOGY)
    names = {instance.port for instance in intent.instances.values()} | set(NEW)
    edges = [s.name for s in topology.switches.values() if s.role == "edge"]
    ports = {(edge, name): 1 for edge in edges for name in names}
    return plugged_for([plugged(intent, topology), Facts(ports)])


def test_every_kind_of_write_is_among_them() -> None:
    """And of each some that are carried out."""
    intent = decode_intent(POLICY)
    random = Random(1)
    paths = {kind(random, intent).path.split("/")[2] for kind in KINDS for _ in range(40)}
    assert paths >= {"rules", "tenants", "instances", "classes", "services", "apply", "segments"}
    assert "placements" in paths
