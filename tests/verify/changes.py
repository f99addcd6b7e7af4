"""Changes of generated intents and networks, of every kind that an operator can make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DataObject, DrawFn, SearchStrategy

from controller.errors import Invalid
from controller.model.decode import decode_intent
from controller.model.encode import Tree, tree_of
from controller.model.intent import BEST_EFFORT, Intent
from controller.model.network import Topology
from tests.strategies import HOSTS, moved

_ALLOW: Final = ("any", "icmp", "tcp", "udp", "tcp/80", "tcp/80-90", "tcp/85-8080", "udp/0-53")
_LABELS: Final = {"tier": ("web", "api", "db"), "env": ("prod", "dev")}

_BUSY: Final[dict[str, Any]] = {
    "vrfs": {"business": {"id": 100}, "monitoring": {"id": 200}, "management": {"id": 300}},
    "classes": {
        "realtime": {"dscp": 46, "queue": 1, "metric": "latency"},
        "bulk": {"dscp": 10, "queue": 2},
    },
    "segments": {
        "shop": {"vrf": "business", "vlan": 4096, "subnet": "10.0.0.0/24"},
        "office": {"vrf": "business", "vlan": 4097, "subnet": "10.0.1.0/24"},
        "watch": {"vrf": "monitoring", "vlan": 4096, "subnet": "10.0.2.0/24"},
        "spare": {"vrf": "management", "vlan": 4098, "subnet": "10.0.3.0/24"},
    },
    "tenants": {
        "shop": {"segment": "shop", "labels": {"env": "prod"}},
        "office": {"segment": "office", "labels": {"env": "dev"}},
        "watch": {"segment": "watch"},
    },
    "services": {
        "web": {"tenant": "shop", "labels": {"tier": "web"}},
        "api": {"tenant": "shop", "labels": {"tier": "api"}, "class": "realtime"},
        "desk": {"tenant": "office", "labels": {"tier": "web"}},
        "probe": {"tenant": "watch", "labels": {"tier": "db"}},
    },
    "instances": {
        "web-1": {"service": "web", "host": "host-1"},
        "web-2": {"service": "web", "host": "host-2"},
        "api-1": {"service": "api", "host": "host-2"},
        "api-2": {"service": "api", "host": "host-3", "port": "vm", "vlan": 7},
        "desk-1": {"service": "desk", "host": "host-1"},
        "probe-1": {"service": "probe", "host": "host-3"},
    },
    "rules": [
        {"name": "all", "from": {}, "to": {}, "allow": ["icmp", "tcp/80-90"], "class": "bulk"},
        {"name": "sell", "from": {"tier": "web"}, "to": {"tier": "api"}, "allow": ["tcp/80"]},
        {"name": "fast", "from": {"env": "prod"}, "to": {}, "allow": ["tcp"], "dscp": 46,
         "class": "realtime"},
        {"name": "look", "from": {"tenant": "watch"}, "to": {"service": ["web", "api"]},
         "allow": ["any"]},
    ],
}  # fmt: skip

Edit = Callable[[DrawFn, Tree], None]
Port = tuple[str, str]


def _some(draw: DrawFn, tree: Tree, collection: str) -> Any:
    """One object of a collection, a new empty one where there is none."""
    known = tree[collection]
    return known[draw(st.sampled_from(sorted(known)))] if known else {}


def _rule_added(draw: DrawFn, tree: Tree) -> None:
    tree["rules"][f"added-{draw(st.integers(0, 1))}"] = {
        "from": draw(_selectors(tree)),
        "to": draw(_selectors(tree)),
        "allow": [draw(st.sampled_from(_ALLOW))],
        **draw(_optional("dscp", (0, 10, 46))),
        **draw(_optional("class", sorted(tree["classes"]))),
    }


def _rule_withdrawn(draw: DrawFn, tree: Tree) -> None:
    if tree["rules"]:
        del tree["rules"][draw(st.sampled_from(sorted(tree["rules"])))]


def _rule_allows_other(draw: DrawFn, tree: Tree) -> None:
    rule = _some(draw, tree, "rules")
    rule["allow"] = draw(st.lists(st.sampled_from(_ALLOW), min_size=1, max_size=2))


def _rule_of_other_class(draw: DrawFn, tree: Tree) -> None:
    rule = _some(draw, tree, "rules")
    rule.pop("class", None)
    rule.update(draw(_optional("class", sorted(tree["classes"]))))


def _rule_of_other_mark(draw: DrawFn, tree: Tree) -> None:
    rule = _some(draw, tree, "rules")
    rule.pop("dscp", None)
    rule.update(draw(_optional("dscp", (0, 10, 46))))


def _rule_of_other_ends(draw: DrawFn, tree: Tree) -> None:
    rule = _some(draw, tree, "rules")
    rule[draw(st.sampled_from(("from", "to")))] = draw(_selectors(tree))


def _relabelled(draw: DrawFn, tree: Tree) -> None:
    labelled = _some(draw, tree, draw(st.sampled_from(("services", "tenants"))))
    key = draw(st.sampled_from(sorted(_LABELS)))
    labelled["labels"] = {
        **labelled.get("labels", {}),
        key: draw(st.sampled_from(_LABELS[key])),
    }


def _service_of_other_class(draw: DrawFn, tree: Tree) -> None:
    _some(draw, tree, "services")["class"] = draw(st.sampled_from(sorted(tree["classes"])))


def _class_changed(draw: DrawFn, tree: Tree) -> None:
    found = _some(draw, tree, "classes")
    if found is tree["classes"][BEST_EFFORT.name]:
        return
    match draw(st.sampled_from(("dscp", "queue", "metric"))):
        case "dscp":
            found["dscp"] = draw(st.sampled_from((10, 18, 46)))
        case "queue":
            found["queue"] = draw(st.integers(1, 4))
        case _:
            found["metric"] = draw(st.sampled_from(("cost", "latency")))


def _migrated(draw: DrawFn, tree: Tree) -> None:
    _some(draw, tree, "instances")["host"] = draw(st.sampled_from(HOSTS))


def _instance_added(draw: DrawFn, tree: Tree) -> None:
    if tree["services"]:
        tree["instances"]["added"] = {
            "service": draw(st.sampled_from(sorted(tree["services"]))),
            "host": draw(st.sampled_from(HOSTS)),
        }


def _instance_removed(draw: DrawFn, tree: Tree) -> None:
    if tree["instances"]:
        del tree["instances"][draw(st.sampled_from(sorted(tree["instances"])))]


def _other_vlan(draw: DrawFn, tree: Tree) -> None:
    _some(draw, tree, "segments")["vlan"] = draw(st.integers(4096, 4100))


def _other_vrf_id(draw: DrawFn, tree: Tree) -> None:
    _some(draw, tree, "vrfs")["id"] = draw(st.sampled_from((100, 200, 400)))


def _service_of_other_tenant(draw: DrawFn, tree: Tree) -> None:
    _some(draw, tree, "services")["tenant"] = draw(st.sampled_from(sorted(tree["tenants"])))


EDITS: Final[tuple[Edit, ...]] = (
    *(_migrated, _rule_added, _rule_withdrawn, _rule_allows_other, _rule_of_other_class),
    *(_rule_of_other_mark, _rule_of_other_ends, _relabelled, _service_of_other_class),
    *(_class_changed, _instance_added, _instance_removed, _other_vlan, _other_vrf_id),
    _service_of_other_tenant,
)

COMING: Final[tuple[Edit, ...]] = (_rule_added, _instance_added)
"""Those that only add something."""


def busy() -> Intent:
    """Six instances in two VRFs, every one allowed to reach every other somehow."""
    return decode_intent(_BUSY, hosts=frozenset(HOSTS))


@st.composite
def changed(
    draw: DrawFn,
    intent: Intent,
    edits: tuple[Edit, ...] = EDITS,
    most: int = 1,
    moving: bool = True,
) -> Intent:
    """The intent after some changes; the same where they are not valid. ``moving``: tenants too."""
    if moving and draw(st.integers(0, 3)) == 0:
        intent = draw(moved(intent))
        most -= 1
    for _ in range(draw(st.integers(min(1, most), most))):
        intent = draw(_edited(intent, draw(st.sampled_from(edits))))
    return intent


@st.composite
def rerouted(draw: DrawFn, topology: Topology) -> Topology:
    """The topology with other costs of some links: other ways, all of which work."""
    links = dict(topology.links)
    for name in draw(st.lists(st.sampled_from(sorted(links)), max_size=2)):
        cost, latency = draw(st.integers(1, 3)), draw(st.sampled_from((5, 10, 40)))
        links[name] = replace(links[name], cost=cost, latency_us=latency)
    return replace(topology, links=links)


@st.composite
def _edited(draw: DrawFn, intent: Intent, edit: Edit) -> Intent:
    tree = tree_of(intent)
    edit(draw, tree)
    try:
        return decode_intent(tree, intent, hosts=frozenset(HOSTS))
    except Invalid:
        return intent


def _optional(key: str, values: tuple[int, ...] | list[str]) -> SearchStrategy[dict[str, Any]]:
    return st.one_of(st.just({}), st.sampled_from(values).map(lambda value: {key: value}))


def _selectors(tree: Tree) -> SearchStrategy[dict[str, Any]]:
    named = {"vrf": "vrfs", "tenant": "tenants", "service": "services"}
    known = {key: sorted(tree[collection]) for key, collection in named.items()}
    one = st.sampled_from([k for k, v in {**known, **_LABELS}.items() if v])
    return st.one_of(
        st.just({}),
        one.flatmap(
            lambda key: st.sampled_from([*known.get(key, ()), *_LABELS.get(key, ())]).map(
                lambda value: {key: value}
            )
        ),
    )


def without_one(data: DataObject, ports: Mapping[Port, int]) -> Mapping[Port, int]:
    """The ports, or all of them but one."""
    gone = data.draw(st.none() | st.sampled_from(sorted(ports)), label="unplugged")
    return {port: number for port, number in ports.items() if port != gone}
