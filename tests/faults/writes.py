"""Writes of every kind, drawn at random, each with the intent that it should make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from controller.errors import Invalid
from controller.model.change import Change, apply_changes, move_instance, move_tenant
from controller.model.encode import tree_of
from controller.model.intent import Intent
from labkit.faults import Write

HOSTS: Final = frozenset({"host-1", "host-2"})
_TIERS: Final = ("web", "api", "cache", "db", "store", "count", "probe", "sink")
_ALLOW: Final = ("tcp/80", "tcp/8000-8100", "udp/53", "icmp", "any", "tcp/443")
_CLASSES: Final = ("best-effort", "realtime", "bulk")
_EXTRA_RULES: Final = 4
_SHARE_STORED: Final = 0.25  # of writes that do not wait for the switches
_ATTEMPTS: Final = 100


@dataclass(frozen=True, slots=True)
class Drawn:
    """A write, the intent that it makes, and whether its answer waits for the switches."""

    kind: str
    write: Write
    after: Intent
    waits: bool


def draw(random: Random, intent: Intent, kinds: tuple[str, ...] = ()) -> Drawn:
    """A write that changes an intent, of one of ``kinds`` (any)."""
    for _ in range(_ATTEMPTS):
        kind = random.choice(kinds or tuple(_KINDS))
        waits = random.random() >= _SHARE_STORED
        try:
            write, after = _KINDS[kind](random, intent)
        except Invalid:  # such a move is refused; another one is drawn
            continue
        if after != intent:
            path = write.path if waits else f"{write.path}?wait=stored"
            return Drawn(kind, Write(write.method, path, write.body), after, waits)
    raise AssertionError(f"no write of {kinds} changes anything")


def _rule(random: Random, intent: Intent) -> tuple[Write, Intent]:
    name = random.choice([*(f"extra-{n}" for n in range(_EXTRA_RULES)), "web", "api"])
    if name in intent.rules and random.random() < 0.5:
        return _one(intent, Change("delete", "rules", name))
    return _one(intent, Change("put", "rules", name, _rule_body(random)))


def _rule_body(random: Random) -> dict[str, Any]:
    body: dict[str, Any] = {
        "from": {"tier": random.choice(_TIERS)},
        "to": {"tier": random.sample(_TIERS, 2)},
        "allow": random.sample(_ALLOW, random.randint(1, 2)),
        "class": random.choice(_CLASSES),
    }
    if random.random() < 0.3:
        body["dscp"] = random.choice((0, 10, 46))
    return body


def _tenant(random: Random, intent: Intent) -> tuple[Write, Intent]:
    name = random.choice(sorted(intent.tenants))
    wish: dict[str, Any] = random.choice(
        [
            {"segment": random.choice(sorted(intent.segments))},
            {"vrf": random.choice(sorted(intent.vrfs)), "vlan": "auto"},
        ]
    )
    if random.random() < 0.3:
        wish["readdress"] = True
    write = Write("POST", f"/v1/tenants/{name}/move", wish)
    return write, move_tenant(intent, name, **wish)


def _instance(random: Random, intent: Intent) -> tuple[Write, Intent]:
    name = random.choice(sorted(intent.instances))
    host = random.choice(sorted(HOSTS - {intent.instances[name].host}))
    write = Write("POST", f"/v1/instances/{name}/move", {"host": host})
    return write, move_instance(intent, name, host, HOSTS)


def _class(random: Random, intent: Intent) -> tuple[Write, Intent]:
    body = tree_of(intent)["classes"]["realtime"]
    return _one(
        intent,
        Change("put", "classes", "realtime", {**body, "dscp": random.choice((26, 34, 46, 48))}),
    )


def _service(random: Random, intent: Intent) -> tuple[Write, Intent]:
    name = random.choice(sorted(intent.services))
    body = {**tree_of(intent)["services"][name], "class": random.choice(_CLASSES)}
    return _one(intent, Change("put", "services", name, body))


def _several(random: Random, intent: Intent) -> tuple[Write, Intent]:
    changes = [Change("put", "rules", f"extra-{n}", _rule_body(random)) for n in range(3)]
    named = [{"op": c.op, "collection": c.collection, "name": c.name} for c in changes]
    bodies = [{**shown, "body": c.body} for shown, c in zip(named, changes, strict=True)]
    after = apply_changes(intent, changes, hosts=HOSTS)
    return Write("POST", "/v1/apply", {"changes": bodies}), after


def _one(intent: Intent, change: Change) -> tuple[Write, Intent]:
    method = "PUT" if change.op == "put" else "DELETE"
    body: Any = change.body
    write = Write(method, f"/v1/{change.collection}/{change.name}", body)
    return write, apply_changes(intent, [change], hosts=HOSTS)


_KINDS: Final[dict[str, Callable[[Random, Intent], tuple[Write, Intent]]]] = {
    "rule": _rule,
    "tenant": _tenant,
    "instance": _instance,
    "class": _class,
    "service": _service,
    "several": _several,
}
