"""Clauses: shared rules as entries for each identity, each block of ports and each conjunction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from controller.compile.context import Context, Touched
from controller.compile.shares import ANY, SOME, Block, Hold, Holds
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.fields import PROTO_ICMP, PROTO_TCP, PROTO_UDP
from controller.dataplane.idset import EMPTY, id_set
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.model.identity import IdentityKey
from controller.model.network import Switch

_PROTOCOLS: Final = {"icmp": PROTO_ICMP, "tcp": PROTO_TCP, "udp": PROTO_UDP}
_PORT_BITS: Final = 16


def keys(context: Context, switch: Switch) -> Iterable[IdentityKey]:
    """The identities that have an entry as a source or destination of shared rules."""
    return {key for hold in _every(context.holds(switch.name)) for key in _ends(hold)}


def key_rows(context: Context, switch: Switch, key: IdentityKey) -> Iterator[Row]:
    """To which conjunctions an identity belongs, as a source and as a destination."""
    every = list(_every(context.holds(switch.name)))
    sends = [hold for hold in every if key in hold.sources]
    receives = [hold for hold in every if key in hold.destinations]
    for kind in (ANY, SOME):
        if ids := _ids(sends, kind):
            number = context.numbers[key]
            shape = SHAPES[f"permit.from_{kind}"]
            yield shape.row(cookie(Feature.SHARE, number), source=number, shares=ids)
        if ids := _ids(receives, kind):
            number = context.numbers[key]
            shape = SHAPES[f"permit.to_{kind}"]
            yield shape.row(cookie(Feature.SHARE, number), destination=number, shares=ids)


def touched_keys(context: Context, touched: Touched, switch: Switch) -> Iterator[IdentityKey]:
    """The identities whose entries may differ."""
    yield from touched.renumbered
    for was, now in _differing(context, touched, switch):
        if len(was) == len(now) and all(map(_alike, was, now)):
            for old, new in zip(was, now, strict=True):
                yield from old.sources ^ new.sources
                yield from old.destinations ^ new.destinations
        else:
            yield from (key for hold in (*was, *now) for key in _ends(hold))


def blocks(context: Context, switch: Switch) -> Iterable[Block]:
    """The blocks of ports of all shared rules."""
    return {block for hold in _every(context.holds(switch.name)) for block in hold.share.blocks}


def block_rows(context: Context, switch: Switch, block: Block) -> Iterator[Row]:
    """To which conjunctions a block of ports belongs."""
    every = _every(context.holds(switch.name))
    ids = _ids((hold for hold in every if block in hold.share.blocks), SOME)
    if ids:
        ports = {"port": block.port, "port_mask": block.mask} if block.protocol != "icmp" else {}
        number = _PROTOCOLS[block.protocol] << _PORT_BITS | block.port
        shape = SHAPES[f"permit.at_{block.protocol}"]
        yield shape.row(cookie(Feature.SHARE, number), **ports, shares=ids)


def touched_blocks(context: Context, touched: Touched, switch: Switch) -> Iterator[Block]:
    """The blocks whose entries may differ."""
    for was, now in _differing(context, touched, switch):
        for hold in (*was, *now):
            yield from hold.share.blocks


def rules(context: Context, switch: Switch) -> Iterable[str]:
    """The shared rules that concern an edge switch's host."""
    return context.holds(switch.name)


def rule_rows(context: Context, switch: Switch, name: str) -> Iterator[Row]:
    """What the conjunctions of a shared rule permit."""
    for hold in context.holds(switch.name).get(name, ()):
        mark = cookie(Feature.PERMIT, context.rule_numbers[name])
        for kind in (ANY, SOME):
            if number := hold.share.id_of(kind):
                columns = {"share": number, "class": hold.share.class_dscp}
                yield SHAPES[f"permit.shared_{kind}"].row(mark, **columns)


def touched_rules(context: Context, touched: Touched, switch: Switch) -> Iterator[str]:
    """The shared rules whose own entries may differ."""
    before, now = touched.before.holds(switch.name), context.holds(switch.name)
    if touched.before.rule_numbers is not context.rule_numbers:
        yield from now.keys() & before.keys()
    if before is not now:
        yield from (n for n in before.keys() | now.keys() if before.get(n) is not now.get(n))


def _differing(
    context: Context, touched: Touched, switch: Switch
) -> Iterator[tuple[tuple[Hold, ...], tuple[Hold, ...]]]:
    before, now = touched.before.holds(switch.name), context.holds(switch.name)
    if before is now:
        return
    for name in before.keys() | now.keys():
        was, is_ = before.get(name, ()), now.get(name, ())
        if was is not is_:
            yield was, is_


def _every(held: Holds) -> Iterator[Hold]:
    return (hold for every in held.values() for hold in every)


def _ends(hold: Hold) -> frozenset[IdentityKey]:
    return hold.sources | hold.destinations


def _alike(one: Hold, other: Hold) -> bool:
    return one.share.is_like(other.share)


def _ids(every: Iterable[Hold], kind: str) -> int:
    found = {hold.share.id_of(kind) for hold in every} - {0}
    return id_set(found) if found else EMPTY
