"""Rows as members of bundles. Equal rows, as many switches have them, are encoded once."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import Final

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row, varies
from controller.southbound.openflow.encode import encode_entry
from controller.southbound.openflow.messages import BUNDLE_FLAGS, HEADER, VERSION, Type
from controller.southbound.openflow.templates import Kinds, kinds_of, template

MOST: Final = 1 << 15
"""Rows that are kept encoded for each command: some 10 MB."""

_FLOW_MOD: Final = VERSION << 8 | Type.FLOW_MOD
_ADD_MESSAGE: Final = VERSION << 8 | Type.BUNDLE_ADD_MESSAGE
_HEADS: Final = struct.Struct("!HHI I2xH HHI")  # of the bundle-add, its own part, of the flow-mod


class Encoder:
    """Rows to flow-mods without headers, the newest kept."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[int, dict[Row, bytes]] = defaultdict(dict)

    def bodies(self, rows: Sequence[Row], command: int) -> list[bytes]:
        """What follows the header of each row's flow-mod."""
        known = self._known[command]
        found = list(map(known.get, rows))
        new = [index for index, body in enumerate(found) if body is None]
        if new:
            fresh = [rows[index] for index in new]
            made = packed(fresh, command)
            if len(known) + len(made) > self._most:
                known.clear()
            known.update(zip(fresh[: self._most], made, strict=False))
            for index, body in zip(new, made, strict=True):
                found[index] = body
        return found  # type: ignore[return-value]  # no None is left

    def kept(self) -> int:
        """How many rows are kept."""
        return sum(map(len, self._known.values()))


def packed(rows: Sequence[Row], command: int) -> list[bytes]:
    """The same, encoded anew: rows of one template together."""
    groups: dict[tuple[str, Kinds], list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        groups[row.shape, kinds_of(row)].append(index)
    found = [b""] * len(rows)
    for (shape, kinds), indexes in groups.items():
        made = _pack([rows[index] for index in indexes], shape, kinds, command)
        for index, body in zip(indexes, made, strict=True):
            found[index] = body
    return found


def _pack(rows: Sequence[Row], name: str, kinds: Kinds, command: int) -> list[bytes]:
    """Rows of one template; those of a shape whose actions differ in length one by one."""
    shape = SHAPES[name]
    if not varies(shape):
        return template(name, command, kinds).pack(rows)
    return [encode_entry(shape.entry(row), command, 0)[HEADER.size :] for row in rows]


def encode_rows(rows: Sequence[Row], command: int, xids: Iterator[int]) -> Iterator[bytes]:
    """Rows as flow-mods, each with an xid of its own."""
    for body in packed(rows, command):
        yield HEADER.pack(VERSION, Type.FLOW_MOD, HEADER.size + len(body), next(xids)) + body


def bundled(bundle: int, xids: Iterable[int], bodies: Sequence[bytes]) -> bytes:
    """Flow-mods as members of a bundle, each with its xid, in one piece (7.3.9.6)."""
    sizes = [HEADER.size + len(body) for body in bodies]
    whole = [_HEADS.size - HEADER.size + size for size in sizes]
    xids = list(xids)
    heads = map(
        _HEADS.pack,
        *(repeat(_ADD_MESSAGE), whole, xids, repeat(bundle), repeat(BUNDLE_FLAGS)),
        *(repeat(_FLOW_MOD), sizes, xids),
    )
    return b"".join(chain.from_iterable(zip(heads, bodies, strict=True)))
