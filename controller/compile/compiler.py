"""The compiler: every feature's rows, switch by switch, and what a change leaves as it is.

A program's parts are the features' rows and, for permits, those of each pair of identities. A part
whose inputs are the same objects as before is the same object as before, so the difference of two
programs costs what the change touches. The result depends on the network alone: what was compiled
before saves work and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from controller.compile import admit, answer, classes, deliver, permit, resolve, track, wire
from controller.compile.context import Context
from controller.compile.openings import Pair
from controller.compile.permit import Permitted
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import MISSES, Table
from controller.dataplane.program import Part, Program, part
from controller.dataplane.shapes import Row
from controller.model.network import Network, Switch

FeatureRows = Callable[[Context, Switch], Iterator[Row]]
Inputs = Callable[[Context, Switch], tuple[object, ...]]


def _misses(_context: Context, switch: Switch) -> Iterator[Row]:
    tables = Table if switch.role == "edge" else _FABRIC_TABLES
    return (MISSES[table].row(cookie(Feature.DEFAULT)) for table in tables)


EDGE: Final[tuple[FeatureRows, ...]] = (
    *(admit.rows, wire.rows, answer.rows, resolve.rows, track.rows),
    *(classes.edge_rows, deliver.edge_rows, _misses),
)
FABRIC: Final[tuple[FeatureRows, ...]] = (
    *(admit.transit_rows, classes.fabric_rows, deliver.fabric_rows, _misses),
)
_FABRIC_TABLES: Final = (Table.ADMIT, Table.CLASS, Table.DELIVER)


@dataclass(frozen=True, eq=False)
class Compilation:
    """Programs by switch name, and what they were made of."""

    programs: Mapping[str, Program]
    context: Context = field(repr=False)
    permits: Mapping[Pair, Permitted] = field(repr=False)
    inputs: Mapping[str, tuple[object, ...]] = field(repr=False)


def compilation(network: Network, before: Compilation | None = None) -> Compilation:
    """Compile a network; what a change since ``before`` leaves as it was is taken over."""
    context = Context.of(network, before.context if before else None)
    permits = permit.permitted(context, before.permits if before else None)
    switches = network.topology.switches
    inputs = {name: _inputs(context, switch) for name, switch in switches.items()}
    programs = {}
    for name, switch in switches.items():
        found = dict(_features(context, switch, _known(before, name, inputs[name])))
        if switch.role == "edge":
            found |= permit.parts(context, switch, permits)
        programs[name] = Program(found)
    return Compilation(programs, context, permits, inputs)


def compile_network(network: Network) -> Mapping[str, Program]:
    """The program of every switch of a network, by switch name."""
    return compilation(network).programs


def _inputs(context: Context, switch: Switch) -> tuple[object, ...]:
    """The objects that a switch's rows, but for permits, are made of."""
    views = (context.views[vrf] for vrf in context.vrfs(switch))
    return (context.surroundings, context.local[switch.name], *views)


def _known(
    before: Compilation | None, name: str, inputs: tuple[object, ...]
) -> Mapping[Hashable, Part]:
    """A switch's parts from before, where their inputs are the same objects."""
    if before is None or name not in before.inputs:
        return {}
    old = before.inputs[name]
    same = len(old) == len(inputs) and all(a is b for a, b in zip(old, inputs, strict=True))
    return before.programs[name].parts if same else {}


def _features(
    context: Context, switch: Switch, known: Mapping[Hashable, Part]
) -> Iterator[tuple[Hashable, Part]]:
    for feature in EDGE if switch.role == "edge" else FABRIC:
        key = f"{feature.__module__}.{feature.__name__}"
        yield key, known.get(key) or part(feature(context, switch))
