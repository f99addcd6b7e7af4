"""The pipeline as a page: every table, shape, register and cookie bit, from the declarations."""

from __future__ import annotations

from collections.abc import Iterator

from controller.dataplane import registers
from controller.dataplane.actions import Hole
from controller.dataplane.cookie import Feature
from controller.dataplane.pipeline import PURPOSE, SHAPES, Band, Table
from controller.dataplane.shapes import Key, Shape
from controller.dataplane.text import format_action, format_bits


def pipeline_page() -> str:
    """``docs/pipeline.md``."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Pipeline"
    yield ""
    yield "Generated from `controller/dataplane/` by `make docs`; do not edit."
    yield ""
    yield "A packet meets the tables in this order. Each row of a table is of one *shape*; names in"
    yield "angle brackets are the columns that a row fills."
    for table in Table:
        yield ""
        yield f"## Table {table.value}: {table.name.lower()}"
        yield ""
        yield f"{PURPOSE[table][0].upper()}{PURPOSE[table][1:]}."
        yield ""
        yield "| shape | priority | match | actions | meaning |"
        yield "|---|---|---|---|---|"
        for shape in SHAPES.values():
            if shape.table == table:
                yield _row(shape)
    yield ""
    yield from _registers()
    yield from _cookie()


def _row(shape: Shape) -> str:
    actions = [format_action(action) for action in shape.actions]
    if shape.goto is not None:
        actions.append(f"goto_table:{Table(shape.goto).name.lower()}")
    band = f"{Band(shape.priority).name.lower()} ({shape.priority})"
    match = " ".join(f"`{_key(key)}`" for key in shape.keys) or "everything"
    done = " ".join(f"`{action}`" for action in actions) or "drop"
    return f"| `{shape.name}` | {band} | {match} | {done} | {shape.meaning} |"


def _key(key: Key) -> str:
    value = f"<{key.value.name}>" if isinstance(key.value, Hole) else f"{key.value:#x}"
    mask = ""
    if key.mask is not None:
        mask = f"/<{key.mask.name}>" if isinstance(key.mask, Hole) else f"/{key.mask:#x}"
    return f"{_bits(key)}={value}{mask}"


def _bits(key: Key) -> str:
    for register in registers.ALL:
        if register.bits == key.bits:
            return register.name
    if key.bits.width == key.bits.field.bits:
        return key.bits.field.name
    last = key.bits.offset + key.bits.width - 1
    return f"{key.bits.field.name}[{key.bits.offset}..{last}]"


def _registers() -> Iterator[str]:
    yield "## Registers"
    yield ""
    yield "| name | bits | holds | 0, also where nothing was written |"
    yield "|---|---|---|---|"
    for register in registers.ALL:
        zero = register.zero or "(always written)"
        place = format_bits(register.bits)
        yield f"| {register.name} | `{place}` | {register.meaning} | {zero} |"
    yield ""


def _cookie() -> Iterator[str]:
    yield "## Cookie"
    yield ""
    yield "`owner` (16 bits, 0xb047) | `generation` (8) | `feature` (8) | `object` (32)."
    yield ""
    yield "| feature | number |"
    yield "|---|---|"
    for feature in Feature:
        yield f"| {feature.name.lower()} | {feature.value} |"
