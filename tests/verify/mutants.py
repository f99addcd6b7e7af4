"""Single edits of installed flows, and what they change, found by asking about every packet."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from controller.dataplane.pipeline import GATEWAY_MAC, SHAPES
from controller.dataplane.program import Program, program, row_of
from controller.dataplane.shapes import Entry, Row
from controller.model.intent import Instance
from controller.model.network import Network
from controller.verify.check import questions
from controller.verify.judge import Judge
from controller.verify.packet import ipv4, tagged, with_ports
from controller.verify.points import points
from controller.verify.proof import Held
from controller.verify.site import Site, attachment


@dataclass(frozen=True)
class Mutant:
    """One switch's rows after an edit, in words, and a stray entry if the edit made one."""

    switch: str
    text: str
    rows: Program
    stray: Entry | None = None

    def held(self, programs: Mapping[str, Program]) -> dict[str, Held]:
        strays = (self.stray,) if self.stray else ()
        found = {name: Held(rows) for name, rows in programs.items()}
        return {**found, self.switch: Held(self.rows, strays)}


def mutants(programs: Mapping[str, Program], seed: int, count: int) -> Iterator[Mutant]:
    """Random edits: a row dropped, altered, added, or of another priority."""
    return islice(_mutants(programs, random.Random(seed)), count)


def _mutants(programs: Mapping[str, Program], chance: random.Random) -> Iterator[Mutant]:
    edits = (_drop, _alter, _alter, _alter, _add, _add, _reorder)
    while True:
        switch = chance.choice(sorted(programs))
        rows = programs[switch]
        # A table with few rows is edited as often as one with many.
        shape = chance.choice(sorted({row.shape for row in rows}))
        row = chance.choice(sorted(r for r in rows if r.shape == shape))
        found = chance.choice(edits)(switch, rows, row, chance)
        if found is not None and (found.stray or found.rows.rows != rows.rows):
            yield found


def _drop(switch: str, rows: Program, row: Row, _chance: random.Random) -> Mutant:
    return Mutant(switch, f"drop {row}", _without(rows, row))


def _alter(switch: str, rows: Program, row: Row, chance: random.Random) -> Mutant | None:
    other = _edited(rows, row, chance)
    if other is None or (other.key != row.key and other.key in rows.rows):
        return None
    return Mutant(switch, f"{row} -> {other}", program((*_without(rows, row), other)))


def _add(switch: str, rows: Program, row: Row, chance: random.Random) -> Mutant | None:
    other = _edited(rows, row, chance)
    if other is None or other.key in rows.rows:
        return None
    return Mutant(switch, f"add {other}", program((*rows, other)))


def _reorder(switch: str, rows: Program, row: Row, chance: random.Random) -> Mutant | None:
    entry = SHAPES[row.shape].entry(row)
    priority = chance.choice((1, 50, 500, 1500, 2500, 5000))
    moved = replace(entry, priority=priority)
    if row_of(moved) is not None:
        return None
    return Mutant(switch, f"priority {priority} for {row}", _without(rows, row), moved)


def _without(rows: Program, row: Row) -> Program:
    return program(other for other in rows if other != row)


def _edited(rows: Program, row: Row, chance: random.Random) -> Row | None:
    """The row with one column changed: to what a like row has there, or to a near number."""
    columns = [*row.match, *row.args]
    if not columns:
        return None
    index = chance.randrange(len(columns))
    others = {[*r.match, *r.args][index] for r in rows if r.shape == row.shape}
    near = {columns[index] + 1, max(0, columns[index] - 1), columns[index] ^ 2, 0}
    value = chance.choice(sorted({*others, *near} - {columns[index]}))
    columns[index] = value
    if not _fits(row, index, value):
        return None
    count = len(row.match)
    return Row(row.shape, tuple(columns[:count]), tuple(columns[count:]), row.cookie)


def _fits(row: Row, index: int, value: int) -> bool:
    """Whether a switch would take it: numbers fit their bits, values lie under their masks."""
    shape = SHAPES[row.shape]
    names = (*shape.match_columns, *shape.arg_columns)
    if names[index] in ("far", "dscp", "class", "port_mask", "queue", "nested"):
        bounds = {"far": 1, "dscp": 63, "class": 63, "queue": 7, "nested": 4094}
        if value > bounds.get(names[index], 0):
            return False
    columns = shape.columns(row) | {names[index]: value}
    if names[index] in ("port", "lane", "edge", "plane") and value > 0xFF00:
        return False
    if "port_mask" in columns and columns["port"] & ~columns["port_mask"] & 0xFFFF:
        return False
    return row_of(shape.entry(_row(row, columns))) is not None


def _row(row: Row, columns: Mapping[str, int]) -> Row:
    return SHAPES[row.shape].row(row.cookie, **columns)


def changes_something(network: Network, held: Mapping[str, Held]) -> str | None:
    """A packet that shows that the switches do not do what the intent means; every one is asked."""
    strays = {name: found.strays for name, found in held.items() if found.strays}
    judge = Judge(Site(network, {n: h.rows for n, h in held.items()}, strays=strays))
    programs = {name: found.rows for name, found in held.items()}
    for question in questions(network, programs):
        fault = judge.connection(question) or (judge.later_packet(question) if strays else None)
        if fault is not None:
            return str(fault)
    for instance in network.intent.instances.values():
        if attachment(network, instance) is not None:
            fault = judge.neighbourhood(instance) or judge.others_arp(instance)
            if fault is not None:
                return str(fault)
    return _forged(network, judge, programs)


def _forged(network: Network, judge: Judge, programs: Mapping[str, Program]) -> str | None:
    """Every instance with the MAC, address or tag of every other, to everybody."""
    instances = sorted(network.intent.instances.values(), key=lambda i: i.name)
    admitted = {
        (switch, *columns)
        for switch, rows in programs.items()
        for row in rows
        if (columns := _admits(row)) is not None
    }
    places = {attachment(network, i) for i in instances}
    for place in sorted(p for p in places if p is not None):
        mine = {_own(i) for i in instances if attachment(network, i) == place}
        for switch, port, nested, mac, ip in sorted(admitted):
            if (switch, port) != place or (nested, mac, ip) in mine:
                continue
            for destination in instances:
                for protocol, number in points(network.intent, programs).ports:
                    for dscp in points(network.intent, programs).marks:
                        packet = with_ports(
                            ipv4(
                                source_mac=mac,
                                target_mac=GATEWAY_MAC,
                                source=ip,
                                target=int(destination.ip),
                                protocol=protocol,
                                dscp=dscp,
                            ),
                            source=40000,
                            target=number,
                        )
                        packet = tagged(packet, nested) if nested else packet
                        fault = judge.spoof(switch, port, packet, f"forged at {place}")
                        if fault is not None:
                            return str(fault)
    return None


def _admits(row: Row) -> tuple[int, int, int, int] | None:
    if row.shape == "admit.ipv4":
        return row.match[0], 0, row.match[1], row.match[2]
    if row.shape == "admit.nested_ipv4":
        return row.match[0], row.match[1], row.match[2], row.match[3]
    return None


def _own(instance: Instance) -> tuple[int, int, int]:
    return instance.nested_vlan, int(instance.mac.replace(":", ""), 16), int(instance.ip)
