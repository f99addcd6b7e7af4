"""Compiling: the whole site, one change of it, and a rule between long lists of labels."""

from __future__ import annotations

from typing import Final

from bench import workload
from bench.measure import Figure, Result, median_ms, say, timed
from bench.targets import SHARED_ROWS
from controller.compile import Compilation, compilation
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import program
from controller.model.intent import PortRange, Rule

REPEATS: Final = 15
MOST_LABELS: Final = 1000


def compile_full(services: int) -> Result:
    """Every switch's program, from nothing.

    Held against as many rows that are made and put into a program without asking what is in them.
    """
    say(f"a site of {services} services")
    network = workload.network(services)
    value = median_ms("the whole", 3, lambda _number: compilation(network))
    rows = sum(len(found) for found in compilation(network).programs.values())
    _, least_ms = timed(lambda: _as_many(rows))
    return Result.of_ms("compile_full", value, f"{rows} rows of one kind", least_ms)


def compile_change(services: int) -> Result:
    """Every switch's program after one member got another label, from those before."""
    say(f"a site of {services} services")
    network = workload.network(services)
    compiled, whole_ms = timed(lambda: compilation(network))
    changes = [workload.relabelled(network, number) for number in range(REPEATS)]

    def change(number: int) -> None:
        after = compilation(changes[number], compiled)
        if after.programs == compiled.programs:
            raise RuntimeError("a label that changes nothing was put")

    value = median_ms("a label", REPEATS, change)
    return Result.of_ms("compile_change", value, "the whole from nothing", whole_ms)


def shared_rules(services: int) -> Result:
    """A rule between two lists of labels put, up to 1,000 each; the ratio is to so many bare rows.

    Each service has a label of its own, so that the rule opens the product of the lists.
    """
    members = min(MOST_LABELS, services // 2)
    say(f"a site of {services} services, {members} of them on each side of a rule")
    base = workload.all_different(services)
    sides = (range(members), range(members, 2 * members))
    rule = Rule("lists", *map(workload.of_units, sides), (PortRange("tcp", 443, 443),))
    network = workload.with_rule(base, rule)
    before = compilation(base)
    value = median_ms("the rule put", REPEATS, lambda _number: compilation(network, before))
    after = compilation(network, before)
    added = sum(len(after.programs[name]) - len(rows) for name, rows in before.programs.items())
    _, least_ms = timed(lambda: _as_many(added))
    _, whole_ms = timed(lambda: compilation(network))
    most, labels = _permits(after) - _permits(before), 2 * members
    if not most:
        raise RuntimeError("a rule that permits nothing was put")
    figures = (
        Figure(SHARED_ROWS, most, "rows", f"labels on both sides: {labels:,}", most / labels),
        Figure("pairs that it opens", members**2, "pairs"),
        Figure("rows that it adds to all switches, with the addresses of peers", added, "rows"),
        Figure("the whole site with it, from nothing", whole_ms, "ms"),
    )
    against = f"{added} rows of one kind"
    return Result.of_ms("shared_rules", value, against, least_ms, figures)


def _permits(found: Compilation) -> int:
    """How many rows of permits the switch has that has most."""
    programs = found.programs.values()
    return max(sum(row.shape.startswith("permit.") for row in rows) for rows in programs)


def _as_many(rows: int) -> None:
    shape, mark = SHAPES["origin.address"], cookie(Feature.ORIGIN)
    program(shape.row(mark, vrf=1, source=1, ip=number) for number in range(rows))
