"""Compiling: the whole site, and one change of it."""

from __future__ import annotations

from typing import Final

from bench import workload
from bench.measure import Result, median_ms, say, timed
from controller.compile import compilation
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import program

REPEATS: Final = 15


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


def _as_many(rows: int) -> None:
    shape, mark = SHAPES["origin.address"], cookie(Feature.ORIGIN)
    program(shape.row(mark, vrf=1, source=1, ip=number) for number in range(rows))
