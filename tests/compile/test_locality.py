"""An edge holds what its own instances need, and nothing of a tenant that none of them may meet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.compile.context import context_of
from controller.compile.people import mac_number
from controller.dataplane.cookie import Feature, parse
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program
from controller.dataplane.shapes import Row
from controller.model.intent import Instance, Intent, frozen
from controller.model.network import Network
from controller.model.reach import reachability
from controller.model.wire import WireTag, wire_tag
from tests.chance import often
from tests.sharing import NEVER, compiler, compilers
from tests.sites import two_hosts
from tests.strategies import networks

Word = tuple[str, int]
"""What a number is, and the number."""

_COLUMNS: Final = {
    **{"ip": "address", "gateway": "address", "mac": "mac", "zone": "id"},
    **{"segment": "tag", "target": "tag", "source": "identity", "destination": "identity"},
}
_COOKIES: Final = {
    **{Feature.ADMIT: "id", Feature.ORIGIN: "id", Feature.RESOLVE: "id"},
    Feature.DHCP: "tag",
}


def words(program: Program) -> set[Word]:
    """Every address, MAC, tag, identity and instance id that a program speaks of."""
    return {word for row in program for word in _words(row)}


def _words(row: Row) -> Iterator[Word]:
    columns = SHAPES[row.shape].columns(row)
    for name, value in columns.items():
        if name in _COLUMNS:
            yield _COLUMNS[name], value
    if {"s_vid", "c_vid"} <= columns.keys():
        yield "tag", WireTag(columns["s_vid"], columns["c_vid"]).number
    mark = parse(row.cookie)
    if mark.feature in _COOKIES:
        yield _COOKIES[Feature(mark.feature)], mark.object


def words_of(network: Network, instances: Iterable[Instance]) -> set[Word]:
    """All that a program can say of some instances and their segments."""
    context, found = context_of(network), set[Word]()
    for instance in instances:
        segment = network.intent.segment_of(instance)
        tag = wire_tag(network.intent.vrfs[segment.vrf].id, segment.vlan)
        found |= {
            ("address", int(instance.ip)),
            ("address", int(segment.gateway)),
            ("mac", mac_number(instance.mac)),
            ("tag", tag.number),
            ("identity", context.numbers[context.keys[instance.service]]),
            ("id", instance.id),
        }
    return found


def met(intent: Intent, host: str) -> set[str]:
    """The services on a host, and those that one of them may reach or be reached from."""
    here = {i.service for i in intent.instances.values() if i.host == host}
    found = set(here)
    for reach in reachability(intent):
        if reach.source in here or reach.destination in here:
            found |= {reach.source, reach.destination}
    return found


def strangers(intent: Intent, host: str) -> Mapping[str, Instance]:
    """The instances of all other services."""
    known = met(intent, host)
    return {name: i for name, i in intent.instances.items() if i.service not in known}


SITE: Final[dict[str, Any]] = {
    "vrfs": {"business": {"id": 100}},
    "segments": {
        "orders": {"vrf": "business", "vlan": 4100, "subnet": "10.1.0.0/24"},
        "vault": {"vrf": "business", "vlan": 8000, "subnet": "10.77.0.0/24"},
    },
    "tenants": {"shop": {"segment": "orders"}, "bank": {"segment": "vault"}},
    "services": {
        "web": {"tenant": "shop", "labels": {"tier": "web"}},
        "api": {"tenant": "shop", "labels": {"tier": "api"}},
        "teller": {"tenant": "bank", "labels": {"tier": "teller"}},
        "ledger": {"tenant": "bank", "labels": {"tier": "ledger"}},
    },
    "instances": {
        "web-1": {"service": "web", "host": "host-1"},
        "api-1": {"service": "api", "host": "host-2"},
        "teller-1": {"service": "teller", "host": "host-2"},
        "ledger-1": {"service": "ledger", "host": "host-2"},
    },
    "rules": [
        {"name": "shop", "from": {"tenant": "shop"}, "to": {"tenant": "shop"}, "allow": ["tcp"]},
        {"name": "bank", "from": {"tenant": "bank"}, "to": {"tenant": "bank"}, "allow": ["any"]},
    ],
}


@given(st.sampled_from([1, 1000]))
def test_a_host_without_a_tenants_peers_holds_nothing_of_it(pairs: int) -> None:
    """Whether the rules are shared or written pair by pair."""
    network = two_hosts(SITE)
    found = compiler(pairs)(network)
    bank = strangers(network.intent, "host-1")
    assert sorted(bank) == ["ledger-1", "teller-1"]
    secret = words_of(network, bank.values())
    assert len(secret) == 2 + 1 + 2 + 1 + 2 + 2  # addresses, gateway, MACs, tag, identities, ids
    assert secret <= words(found["edge-2"])  # where they are, all of it can be seen
    assert not secret & words(found["edge-1"])


@settings(max_examples=often(40), deadline=None)
@given(networks(), compilers, st.data())
def test_no_edge_speaks_of_strangers(network: Network, compiled: Any, data: DataObject) -> None:
    edges = [s for s in network.topology.switches.values() if s.role == "edge"]
    edge = data.draw(st.sampled_from(sorted(edges, key=lambda switch: switch.name)))
    intent = network.intent
    apart = strangers(intent, edge.host)
    known = [i for name, i in intent.instances.items() if name not in apart]
    program = compiled(network)[edge.name]
    assert not words(program) & (words_of(network, apart.values()) - words_of(network, known))


@settings(max_examples=often(40), deadline=None)
@given(networks(), st.sampled_from([NEVER, 1]), st.data())
def test_an_edge_is_the_same_whatever_becomes_of_strangers(
    network: Network, pairs: int, data: DataObject
) -> None:
    """Where how many pairs a rule opens does not decide in which form it is written."""
    edges = [s for s in network.topology.switches.values() if s.role == "edge"]
    edge = data.draw(st.sampled_from(sorted(edges, key=lambda switch: switch.name)))
    apart = strangers(network.intent, edge.host)
    left = {n: i for n, i in network.intent.instances.items() if n not in apart}
    without = replace(network, intent=replace(network.intent, instances=frozen(left)))
    compiled = compiler(pairs)
    assert compiled(network)[edge.name] == compiled(without)[edge.name]
