"""Decodes and encodes a topology document: the switches and links of a site."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from controller.model.fields import Fields, describe
from controller.model.intent import frozen
from controller.model.network import Endpoint, Link, Switch, Topology
from controller.model.positions import NO_POSITIONS, Path, Positions
from controller.model.problems import Problems, closest
from controller.model.syntax import parse_name

SWITCH_NUMBER_MAX: Final = 65535  # 16 bits in the fabric's destination MAC
INTERFACE_MAX: Final = 15  # characters: IFNAMSIZ is 16 with the final NUL, linux/if.h
COST_MAX: Final = 65535
RATE_MBPS: Final = 1000  # of a link that gives none
LATENCY_US: Final = 10  # of a link that gives none
_COLLECTIONS: Final = ("switches", "links")
_SWITCH_KEYS: Final = ("name", "number", "host")
_LINK_KEYS: Final = ("name", "a", "b", "rate", "latency", "cost", "vrfs")
_RATE: Final = re.compile(r"([1-9][0-9]{0,8}) ?(Mbit|Gbit)")
_LATENCY: Final = re.compile(r"([0-9]{1,9}) ?(us|ms)")
_INTERFACE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]*")


def decode_topology(document: object, positions: Positions = NO_POSITIONS) -> Topology:
    """The topology a document says. Raises :class:`errors.Invalid` with every problem."""
    problems = Problems(positions)
    if not isinstance(document, Mapping):
        problems.add((), f"expected a mapping of switches and links, found {describe(document)}")
        problems.raise_if_any()
        return Topology()
    for key in document:
        if key not in _COLLECTIONS:
            hint = closest(str(key), _COLLECTIONS) or "; known are switches, links"
            problems.add((str(key),), f"unknown key{hint}")
    declared = document.get("switches")
    names = (
        {name for name in declared if isinstance(name, str)}
        if isinstance(declared, Mapping)
        else set()
    )
    switches = dict(_switches(declared, problems))
    links = dict(_links(document.get("links"), names, problems))
    _check_switches(switches, problems)
    _check_ports(links, problems)
    problems.raise_if_any()
    return Topology(frozen(switches), frozen(links))


def encode_topology(topology: Topology) -> dict[str, Any]:
    """The complete document of a topology, JSON-able."""
    return {
        "switches": {
            switch.name: {"number": switch.number, **({"host": switch.host} if switch.host else {})}
            for switch in topology.switches.values()
        },
        "links": [_encode_link(link) for link in topology.links.values()],
    }


def _switches(tree: object, problems: Problems) -> Iterator[tuple[str, Switch]]:
    if not isinstance(tree, Mapping):
        problems.add(("switches",), f"expected a mapping of names, found {describe(tree)}")
        return
    for name, body in tree.items():
        path: Path = ("switches", name if isinstance(name, str) else str(name))
        fields = Fields(body, path, problems, _SWITCH_KEYS)
        _check_name(fields, name)
        number = fields.integer("number", 1, SWITCH_NUMBER_MAX)
        host = fields.optional_text("host", parse_name, "")
        if fields.ok:
            yield name, Switch(name, "edge" if host else "fabric", number, host)


def _check_name(fields: Fields, name: object) -> None:
    try:
        parse_name(name if isinstance(name, str) else str(name))
    except ValueError as error:
        fields.fail(None, str(error))
    if not isinstance(name, str):
        fields.fail(None, f"expected a text as name, found {describe(name)}; quote it")


def _links(tree: object, switches: set[str], problems: Problems) -> Iterator[tuple[str, Link]]:
    if not isinstance(tree, list | tuple | None):
        problems.add(("links",), f"expected a list, found {describe(tree)}")
        return
    seen: set[str] = set()
    for index, body in enumerate(tree or ()):
        named = body.get("name") if isinstance(body, Mapping) else None
        fresh = isinstance(named, str) and named not in seen
        path: Path = ("links", str(named) if fresh else index)
        problems.place(path, ("links", index))
        fields = Fields(body, path, problems, _LINK_KEYS)
        name = fields.text("name", parse_name, "")
        if name in seen:
            fields.fail("name", f"`{name}` is already the name of another link")
        seen.add(name)
        link = _decode_link(fields, name, switches)
        if fields.ok:
            yield name, link


def _decode_link(fields: Fields, name: str, switches: set[str]) -> Link:
    a, b = _endpoint(fields, "a", switches), _endpoint(fields, "b", switches)
    if a.switch and a.switch == b.switch:
        fields.fail("b", f"both ends are on switch `{a.switch}`; a link joins two switches")
    vrfs = () if fields.value("vrfs") in (None, []) else tuple(_vrfs(fields))
    return Link(
        name=name,
        a=a,
        b=b,
        rate_mbps=fields.optional_text("rate", _parse_rate, RATE_MBPS),
        latency_us=fields.optional_text("latency", _parse_latency, LATENCY_US),
        cost=fields.integer("cost", 1, COST_MAX, 1),
        vrfs=tuple(sorted(set(vrfs))),
    )


def _vrfs(fields: Fields) -> Iterator[str]:
    for index, text in fields.texts("vrfs"):
        yield fields.attempt("vrfs", parse_name, text, "", index)


def _endpoint(fields: Fields, key: str, switches: set[str]) -> Endpoint:
    end = fields.text(key, _parse_endpoint, Endpoint("", ""))
    if end.switch and end.switch not in switches:
        fields.fail(key, f"there is no switch `{end.switch}`{closest(end.switch, switches)}")
    return end


def _parse_endpoint(text: str) -> Endpoint:
    switch, slash, port = text.partition("/")
    if not slash or not _INTERFACE.fullmatch(port):
        raise ValueError(f"expected switch/interface like edge-1/ens208, found `{text}`")
    if len(port) > INTERFACE_MAX:
        raise ValueError(
            f"interface name `{port}` has {len(port)} characters; Linux allows {INTERFACE_MAX}"
        )
    return Endpoint(switch, port)


def _parse_rate(text: str) -> int:
    match = _RATE.fullmatch(text)
    if not match:
        raise ValueError(f"expected a rate like 50Mbit or 1Gbit, found `{text}`")
    return int(match[1]) * (1000 if match[2] == "Gbit" else 1)


def _parse_latency(text: str) -> int:
    match = _LATENCY.fullmatch(text)
    if not match:
        raise ValueError(f"expected a latency like 50us or 2ms, found `{text}`")
    return int(match[1]) * (1000 if match[2] == "ms" else 1)


def _encode_link(link: Link) -> dict[str, Any]:
    body = {
        "name": link.name,
        "a": f"{link.a.switch}/{link.a.port}",
        "b": f"{link.b.switch}/{link.b.port}",
        "rate": f"{link.rate_mbps}Mbit",
        "latency": f"{link.latency_us}us",
        "cost": link.cost,
    }
    return {**body, "vrfs": list(link.vrfs)} if link.vrfs else body


def _check_switches(switches: Mapping[str, Switch], problems: Problems) -> None:
    _check_unique(switches, lambda s: s.number, "number", problems)
    edges = {name: switch for name, switch in switches.items() if switch.host}
    _check_unique(edges, lambda s: s.host, "host", problems)


def _check_unique(
    switches: Mapping[str, Switch],
    value: Callable[[Switch], int | str],
    key: str,
    problems: Problems,
) -> None:
    first: dict[int | str, str] = {}
    for name, switch in switches.items():
        other = first.setdefault(value(switch), name)
        if other != name:
            problems.add(
                ("switches", name, key), f"{key} {value(switch)} is already that of `{other}`"
            )


def _check_ports(links: Mapping[str, Link], problems: Problems) -> None:
    first: dict[Endpoint, str] = {}
    for name, link in links.items():
        for key, end in (("a", link.a), ("b", link.b)):
            other = first.setdefault(end, name)
            if other != name:
                problems.add(
                    ("links", name, key),
                    f"port {end.switch}/{end.port} is already used by link `{other}`",
                )
