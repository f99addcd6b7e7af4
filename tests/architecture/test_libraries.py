"""Each third-party library has one home, and the core touches nothing outside itself."""

from __future__ import annotations

import ast
import sys

from tests.architecture.imports import CONTROLLER, imports, sources

HOMES = {
    "dpkt": {"packets"},
    "eventlet": {"app.py"},
    "fastapi": {"northbound"},
    "google": {"northbound"},
    "greenlet": {"app.py"},
    "grpc": {"northbound"},
    "grpc_health": {"northbound"},
    "grpc_reflection": {"northbound"},
    "httptools": {"northbound"},
    "httpx": {"cli", "client"},
    "networkx": {"topology"},
    "ovs": {"southbound", "store"},
    "prometheus_client": {"telemetry"},
    "pydantic": {"northbound"},
    "pyroute2": {"host"},
    "rich": {"cli"},
    "ryu": {"app.py", "sessions.py"},
    "shtab": {"cli"},
    "starlette": {"northbound"},
    "uvicorn": {"northbound"},
    "yaml": {"northbound"},
}
CORE = ("compile", "dataplane", "diff", "model", "reconcile", "topology", "verify")
# What of the standard library computes and does nothing else. A name missing here may be added
# when it has no clock, no randomness and no door to the world.
PURE = {
    *("__future__", "abc", "bisect", "collections", "contextlib", "copy", "dataclasses"),
    *("difflib", "enum", "functools", "hashlib", "heapq", "ipaddress", "itertools", "math"),
    *("operator", "re", "struct", "types", "typing"),
}
DOORS = {"open", "print", "input", "exec", "eval", "__import__"}


def test_every_library_is_imported_at_its_home_only() -> None:
    strangers = [
        f"{found.place} imports {found.library}, whose home is "
        f"{' and '.join(sorted(HOMES.get(found.library, {'not declared in HOMES'})))}"
        for found in imports()
        if found.library not in sys.stdlib_module_names
        and found.room not in HOMES.get(found.library, ())
    ]
    assert strangers == []


def test_every_declared_home_is_lived_in() -> None:
    lived_in = {(found.library, found.room) for found in imports()}
    declared = {(library, room) for library, rooms in HOMES.items() for room in rooms}
    assert declared - lived_in == set()


def test_the_core_imports_nothing_that_does_io() -> None:
    allowed = PURE | {library for library, rooms in HOMES.items() if rooms & set(CORE)}
    found = [
        f"{found.place} imports {found.library}"
        for found in imports(*CORE)
        if found.library not in allowed
    ]
    assert found == []


def test_the_core_opens_and_prints_nothing() -> None:
    found = [
        f"{path.relative_to(CONTROLLER)}:{node.lineno} calls {node.func.id}"
        for path in sources(*CORE)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in DOORS
    ]
    assert found == []


def test_the_rooms_of_the_core_are_there() -> None:
    assert [room for room in CORE if not list(sources(room))] == []
