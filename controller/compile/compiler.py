"""The compiler: every feature's rows, switch by switch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from controller.compile import admit, answer, classes, deliver, permit, resolve, track, wire
from controller.compile.context import Context
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import MISSES, Table
from controller.dataplane.program import Program, program
from controller.dataplane.shapes import Row
from controller.model.network import Network, Switch

FeatureRows = Callable[[Context, Switch], Iterator[Row]]

EDGE: Final[tuple[FeatureRows, ...]] = (
    *(admit.rows, wire.rows, answer.rows, resolve.rows, track.rows),
    *(permit.rows, classes.edge_rows, deliver.edge_rows),
)
FABRIC: Final[tuple[FeatureRows, ...]] = (
    *(admit.transit_rows, classes.fabric_rows, deliver.fabric_rows),
)
_FABRIC_TABLES: Final = (Table.ADMIT, Table.CLASS, Table.DELIVER)


def compile_network(network: Network) -> Mapping[str, Program]:
    """The program of every switch of a network, by switch name."""
    context = Context.of(network)
    return {
        name: program((*_rows(context, switch), *_misses(switch)))
        for name, switch in network.topology.switches.items()
    }


def _rows(context: Context, switch: Switch) -> Iterator[Row]:
    for feature in EDGE if switch.role == "edge" else FABRIC:
        yield from feature(context, switch)


def _misses(switch: Switch) -> Iterator[Row]:
    tables = Table if switch.role == "edge" else _FABRIC_TABLES
    return (MISSES[table].row(cookie(Feature.DEFAULT)) for table in tables)
