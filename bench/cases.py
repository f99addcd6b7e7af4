"""Every benchmark by name: a function of the number of services, imported when it is run."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final, Protocol, cast

from bench.measure import Result


class Case(Protocol):
    """One benchmark. Its docstring says what it measures."""

    def __call__(self, services: int) -> Result:
        """Measure a site of so many services."""


CASES: Final[Mapping[str, str]] = {
    "compile_full": "bench.compiling:compile_full",
    "compile_change": "bench.compiling:compile_change",
    "shared_rules": "bench.compiling:shared_rules",
    "plan": "bench.changes:plan",
    "apply": "bench.changes:apply",
    "verify_change": "bench.changes:verify_change",
    "verify_full": "bench.changes:verify_full",
    "push": "bench.push:run",
    "burst": "bench.burst:run",
    "ovn_compare": "bench.ovn_compare:run",
    "store": "bench.store:run",
    "load": "bench.store:load",
    "read_back": "bench.read_back:run",
    "ports": "bench.ports:run",
    "routes": "bench.routes:run",
    "rest_reads": "bench.rest:rest_reads",
    "rest_beside": "bench.beside:rest_beside",
    "rest_writes": "bench.rest:rest_writes",
    "bulk_apply": "bench.rest:bulk_apply",
    "page_draw": "bench.page_draw:page_draw",
}
"""Where each benchmark is: module and function."""

_GROWTH: Final = (100, 1000, 10_000)

SIZES: Final[Mapping[str, tuple[int, ...]]] = {
    **dict.fromkeys(("compile_full", "compile_change", "plan", "apply"), _GROWTH),
    **dict.fromkeys(("verify_change", "verify_full"), _GROWTH),
    **dict.fromkeys(("store", "load"), _GROWTH),
    "shared_rules": (200, 2000),
    "push": _GROWTH,
    "read_back": _GROWTH,
    "burst": (1000, 10_000),
    "ovn_compare": (200, 2000, 10_000),
    "ports": (2000,),
    "routes": _GROWTH,
    "rest_reads": (1000,),
    "rest_beside": (1000,),
    "rest_writes": (1000,),
    "bulk_apply": _GROWTH,
    "page_draw": _GROWTH,
}
"""How many services each has when all are run."""


def case(name: str) -> Case:
    """A benchmark."""
    module, _, function = CASES[name].partition(":")
    return cast(Case, getattr(import_module(module), function))
