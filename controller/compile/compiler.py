"""The compiler: every node's rows, switch by switch, and what a change leaves as it is.

What was compiled before saves work and decides nothing: the programs of a network are the same
whatever they were made from. A node says which of its items a change may alter
(:mod:`controller.compile.nodes`), and only those are made anew, as they were before and as they are
now; the difference is what changes in the program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from controller.compile import (
    admit,
    answer,
    classes,
    clauses,
    deliver,
    permit,
    resolve,
    track,
    wire,
)
from controller.compile.context import Context, Touched, context_of, next_context
from controller.compile.nodes import Node
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import MISSES, Table
from controller.dataplane.program import Program, by_key, program, row_differences
from controller.dataplane.shapes import Row, RowKey
from controller.model.network import Network, Switch

_FABRIC_TABLES: Final = (Table.ADMIT, Table.CLASS, Table.DELIVER)


def _misses(_context: Context, switch: Switch) -> Iterator[Row]:
    tables = Table if switch.role == "edge" else _FABRIC_TABLES
    return (MISSES[table].row(cookie(Feature.DEFAULT)) for table in tables)


# What every switch of a kind has, whoever is there.

_WHOLE: Final = (None,)


def _nothing(_context: Context, _switch: Switch) -> tuple[object, ...]:
    return ()


def _edge_rows(context: Context, switch: Switch, _item: None) -> Iterator[Row]:
    for rows in (answer.rows, track.rows, classes.edge_rows, deliver.local_rows, _misses):
        yield from rows(context, switch)


def _fabric_rows(context: Context, switch: Switch, _item: None) -> Iterator[Row]:
    for rows in (admit.transit_rows, classes.fabric_rows, _misses):
        yield from rows(context, switch)


# An edge's own instances.


def _locals(context: Context, switch: Switch) -> Iterable[str]:
    return context.people.here(switch.name)


def _local_rows(context: Context, switch: Switch, name: str) -> Iterator[Row]:
    placed = context.people.here(switch.name).get(name)
    if placed is not None:
        for rows in (admit.instance_rows, resolve.instance_rows):
            yield from rows(placed)


def _touched_locals(context: Context, touched: Touched, switch: Switch) -> Iterator[str]:
    was, now = touched.before.people.here(switch.name), context.people.here(switch.name)
    return (name for name in touched.instances if name in was or name in now)


# Whom an edge's instances may meet.


def _peers(context: Context, switch: Switch) -> Iterator[tuple[str, str]]:
    for vrf, keys in context.sight.get(switch.name, {}).items():
        for key in keys:
            yield from ((vrf, name) for name in context.people.of_key(key))


def _peer_rows(context: Context, switch: Switch, item: tuple[str, str]) -> Iterator[Row]:
    vrf, name = item
    placed = context.people.by_name.get(name)
    if placed is not None and context.sees(switch.name, vrf, placed.key):
        vrf_id = context.intent.vrfs[vrf].id
        yield from resolve.peer_rows(switch, vrf_id, placed)
        yield from wire.peer_rows(switch, vrf_id, placed)


def _touched_peers(context: Context, touched: Touched, switch: Switch) -> Iterator[tuple[str, str]]:
    before = touched.before
    was, now = before.sight.get(switch.name, {}), context.sight.get(switch.name, {})
    for vrf in was.keys() | now.keys():
        yield from ((vrf, name) for name in touched.instances)
        old, new = was.get(vrf, {}), now.get(vrf, {})
        if old is not new:
            for key in old.keys() ^ new.keys():
                names = before.people.of_key(key).keys() | context.people.of_key(key).keys()
                yield from ((vrf, name) for name in names)


# Segments with instances on an edge.


_EMPTY: Final[Mapping[str, int]] = {}


def _segments(context: Context, switch: Switch) -> Mapping[str, int]:
    return context.people.segments.get(switch.name, _EMPTY)


def _segment_rows(context: Context, switch: Switch, name: str) -> Iterator[Row]:
    if name in _segments(context, switch):
        segment = context.intent.segments[name]
        yield from answer.segment_rows(context, segment)
        yield from wire.segment_rows(context, segment)


def _touched_segments(context: Context, touched: Touched, switch: Switch) -> Iterator[str]:
    was = touched.before.people.segments.get(switch.name, {})
    now = context.people.segments.get(switch.name, {})
    yield from touched.segments
    if was is not now:
        yield from was.keys() ^ now.keys()


def _uplink_tags(context: Context, switch: Switch) -> Iterator[tuple[int, int]]:
    """Every uplink with every outer tag that may come in by it."""
    ports, s_vids = deliver.uplinks(context, switch), sorted(context.people.outers(switch.name))
    return ((port, s_vid) for port in ports for s_vid in s_vids)


def _uplink_inputs(context: Context, switch: Switch) -> tuple[object, ...]:
    return (context.people.outers(switch.name).keys(), *deliver.uplinks(context, switch))


def _uplink_rows(_context: Context, switch: Switch, item: tuple[int, int]) -> Iterator[Row]:
    return wire.uplink_rows(switch, *item)


# Pairs of identities.


def _touched_pairs(context: Context, touched: Touched, switch: Switch) -> Iterator[Any]:
    yield from touched.pairs
    for key in touched.keys.get(switch.name, ()):
        yield from touched.before.openings.of_key(key)
        yield from context.openings.of_key(key)


def _whole(_context: Context, _switch: Switch) -> Iterable[None]:
    return _WHOLE


EDGE: Final = (
    Node("fixed", _whole, _edge_rows, inputs=_nothing),
    Node("ways", deliver.ways, deliver.edge_rows, deliver.touched_ways),
    Node("uplinks", _uplink_tags, _uplink_rows, inputs=_uplink_inputs),
    Node("segments", _segments, _segment_rows, _touched_segments),
    Node("locals", _locals, _local_rows, _touched_locals),
    Node("peers", _peers, _peer_rows, _touched_peers),
    Node("pairs", permit.pairs, permit.pair_rows, _touched_pairs),
    Node("clauses", clauses.keys, clauses.key_rows, clauses.touched_keys),
    Node("blocks", clauses.blocks, clauses.block_rows, clauses.touched_blocks),
    Node("shares", clauses.rules, clauses.rule_rows, clauses.touched_rules),
)
FABRIC: Final = (
    Node("fixed", _whole, _fabric_rows, inputs=_nothing),
    Node("ways", deliver.ways, deliver.fabric_rows, deliver.touched_ways),
)


@dataclass(frozen=True, eq=False)
class Compilation:
    """Programs by switch name, and what they were made of.

    ``work`` counts what was done: by node, items ``made`` from nothing, items looked at because
    they were ``touched``, items made anew with the whole node (``again``), nodes ``kept``.
    """

    programs: Mapping[str, Program]
    context: Context = field(repr=False)
    work: Mapping[str, int] = field(default_factory=dict)


def compilation(network: Network, before: Compilation | None = None) -> Compilation:
    """Compile a network; what a change since ``before`` leaves as it was is taken over."""
    if before is None:
        return _from_nothing(context_of(network), {})
    context, touched = next_context(before.context, network)
    if touched is None:
        return _from_nothing(context, before.programs)
    work: Counter[str] = Counter()
    programs = {
        name: _changed(context, touched, switch, before.programs[name], work)
        for name, switch in network.topology.switches.items()
    }
    return Compilation(programs, context, work)


def compile_network(network: Network) -> Mapping[str, Program]:
    """The program of every switch of a network, by switch name."""
    return compilation(network).programs


def _from_nothing(context: Context, known: Mapping[str, Program]) -> Compilation:
    """Every node anew; buckets of known programs are shared where rows are the same."""
    work: Counter[str] = Counter()
    programs = {}
    for name, switch in context.network.topology.switches.items():
        made = program(chain.from_iterable(_all(context, switch, work)))
        programs[name] = _shared(known.get(name), made)
    return Compilation(programs, context, work)


def _all(context: Context, switch: Switch, work: Counter[str]) -> Iterator[Iterable[Row]]:
    for node in _nodes(switch):
        for item in node.items(context, switch):
            work[f"{node.name} made"] += 1
            yield node.rows(context, switch, item)


def _shared(known: Program | None, made: Program) -> Program:
    if known is None:
        return made
    found = row_differences(known.rows, made.rows)
    put = (*found.added, *(new for _, new in found.changed))
    return known.changed(put, (row.key for row in found.removed))


def _nodes(switch: Switch) -> tuple[Node, ...]:
    return EDGE if switch.role == "edge" else FABRIC


def _changed(
    context: Context, touched: Touched, switch: Switch, before: Program, work: Counter[str]
) -> Program:
    """A switch's program after a change that left its surroundings as they were."""
    old: dict[RowKey, Row] = {}
    new: dict[RowKey, Row] = {}
    for node in _nodes(switch):
        was, now = _altered(node, context, touched, switch, work)
        old.update(_rows(node, touched.before, switch, was))
        new.update(_rows(node, context, switch, now))
    found = row_differences(old, new)
    put = (*found.added, *(now for _, now in found.changed))
    return before.changed(put, (row.key for row in found.removed))


def _rows(node: Node, context: Context, switch: Switch, items: Iterable[Any]) -> dict[RowKey, Row]:
    """The rows of some items of a node."""
    return by_key(chain.from_iterable(node.rows(context, switch, item) for item in items))


def _altered(
    node: Node, context: Context, touched: Touched, switch: Switch, work: Counter[str]
) -> tuple[Iterable[Any], Iterable[Any]]:
    """The items of a node that may have other rows than before: of those before, and of now."""
    if node.touched is not None:
        items = set(node.touched(context, touched, switch))
        work[f"{node.name} touched"] += len(items)
        return items, items
    was, now = node.inputs(touched.before, switch), node.inputs(context, switch)
    if len(was) == len(now) and all(a is b or a == b for a, b in zip(was, now, strict=True)):
        work[f"{node.name} kept"] += 1
        return (), ()
    work[f"{node.name} again"] += 1
    return node.items(touched.before, switch), node.items(context, switch)
