"""Why the first packet of a connection speaks for every packet of the side that opened it.

What a later one has and the first has not is in ``ct_state`` (+est for +new) and ``ct_mark``. No
shape looks at either, but those for packets of the other direction (+rpl): a rule's entries match
ct_state by +trk-rpl-inv alone. So a later packet meets the very entries that the first one met, and
where no rule allows it any more it is dropped as a first one is. Entries that no shape has may do
otherwise; for them later packets are walked too (:func:`controller.verify.proof.conclude`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from controller.dataplane.actions import Move
from controller.dataplane.fields import CT_EST, CT_MARK, CT_NEW, CT_REL, CT_RPL, CT_STATE, Bits
from controller.dataplane.shapes import Shape

_LATER = CT_NEW | CT_EST | CT_REL


def telling_apart(shapes: Iterable[Shape]) -> Iterator[str]:
    """Shapes that may do something else with a later packet of a direction than with its first."""
    for shape in shapes:
        if not _wants_reply(shape) and _looks(shape):
            yield shape.name


def _wants_reply(shape: Shape) -> bool:
    return any(
        key.bits.field is CT_STATE
        and isinstance(key.value, int)
        and isinstance(key.mask, int)
        and key.value & key.mask & CT_RPL
        for key in shape.keys
    )


def _looks(shape: Shape) -> bool:
    states = [key for key in shape.keys if key.bits.field is CT_STATE]
    masks = [key.mask if isinstance(key.mask, int) else CT_STATE.ones for key in states]
    read = [action.source for action in shape.actions if isinstance(action, Move)]
    known: list[Bits] = [*read, *(key.bits for key in shape.keys)]
    return any(mask & _LATER for mask in masks) or any(bits.field is CT_MARK for bits in known)
