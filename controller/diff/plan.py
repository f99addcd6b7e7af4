"""The difference of two sets of programs, and the order in which it is safe to carry out.

Six phases, each finished on every switch (barrier) before the next begins:

1. *add* what is new for those who receive, so that whatever is sent their way is expected there.
2. *swap* rows whose key stays and whose meaning changes, and what is new for those who send: who
   they are, whom they reach, how what they mark is judged. One atomic bundle a switch, so a sender
   is judged by the old rows or by the new. This is where traffic moves; whichever switches have
   swapped, both the old and the new rows that the others rely on are in place.
3. *withdraw* what senders had and have no more, while receivers' edges still accept what was sent.
   An instance that has moved to another host is heard at its old port until now.
4. *narrow* clauses of shared rules. Rows that say to which conjunctions an identity or a block of
   ports belongs are widened when rows are added, to what they say before and after, and narrowed
   here: a conjunction's id never means another rule, so both may stand side by side. Not later:
   Open vSwitch drops what fulfils a conjunction whose own row is gone, even if another would do.
5. *remove* what is unused. This and the two phases before wait for frames already on the wire.
6. *flush*: no rows any more. Connections that were permitted and are no more are forgotten
   (:mod:`controller.diff.cut`), now that no switch lets their packets pass.

So every packet meets the old meaning or the new one on every switch, never a third. Where rows
only come, as with a new instance or rule, all of them come at once (1 and 2): senders' are for
packets that were dropped, and are until the last of them is there. (Not so what only goes: it may
be the rest of a change that a controller before has begun, with frames still on the wire.) Where
one switch alone changes, what comes is one bundle too, and so is what goes (3 and 5); where what
goes withdraws nothing further, the flush is one with it (:mod:`controller.reconcile.rollout`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from controller.dataplane.idset import MOST_IDS, id_set, ids_of
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program, differences
from controller.dataplane.shapes import Row, varies

EMPTY: Final = Program()
_MARKED: Final = "permit.marked_"
_MAY: Final = "permit."
_WHO_IS_MET: Final = frozenset({"resolve.receiver:here", "resolve.receiver:away", "origin.address"})
_CLAUSES: Final = frozenset(name for name, shape in SHAPES.items() if varies(shape))
_SENDERS: Final = frozenset(
    {
        *("admit.ipv4", "admit.arp", "admit.nested_ipv4", "admit.nested_arp"),
        *("resolve.receiver:here", "resolve.receiver:away"),
    }
)


class Phase(Enum):
    """One step of a plan."""

    ADD = "add"
    SWAP = "swap"
    WITHDRAW = "withdraw"
    NARROW = "narrow"
    REMOVE = "remove"
    FLUSH = "flush"

    @property
    def removes(self) -> bool:
        """Whether the phase's rows go; otherwise they come, in place of rows of the same key."""
        return self in (Phase.WITHDRAW, Phase.REMOVE, Phase.FLUSH)

    @property
    def is_undone(self) -> bool:
        """Whether a refusal gives the others back what they held; later ones are tried again."""
        return self in (Phase.ADD, Phase.SWAP)

    @property
    def drains(self) -> bool:
        """Whether it begins only when frames already on the wire, and answers to them, are in."""
        return self in (Phase.WITHDRAW, Phase.REMOVE, Phase.NARROW)

    def drains_after(self, before: Phase) -> bool:
        """Whether it does when the one before it was that: once is enough for what clauses say."""
        return self.drains and before is not Phase.NARROW


@dataclass(frozen=True, slots=True)
class SwitchDelta:
    """What one switch must change. ``changed`` holds the new rows; their keys stay.

    ``widened`` are those that say before and after at once, until they are narrowed.
    """

    added: tuple[Row, ...] = ()
    changed: tuple[Row, ...] = ()
    removed: tuple[Row, ...] = ()
    widened: tuple[Row, ...] = ()

    def rows(self, phase: Phase) -> tuple[Row, ...]:
        """The rows that a phase sends."""
        match phase:
            case Phase.ADD:
                return (*(row for row in self.added if not _sends(row)), *self.widened)
            case Phase.SWAP:
                swapped = (row for row in self.changed if not _joins(row))
                return (*swapped, *(row for row in self.added if _sends(row)))
            case Phase.WITHDRAW:
                return tuple(row for row in self.removed if _sends(row))
            case Phase.REMOVE:
                return tuple(row for row in self.removed if not _sends(row))
            case Phase.NARROW:
                wide = frozenset(self.widened)
                return tuple(row for row in self.changed if _joins(row) and row not in wide)
            case Phase.FLUSH:
                return ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def __len__(self) -> int:
        return len(self.added) + len(self.changed) + len(self.removed)


def _sends(row: Row) -> bool:
    """Whether a row speaks of those who send from this switch, and of them alone."""
    if row.shape in _SENDERS:
        return True
    return _judges_marks(row) and SHAPES[row.shape].columns(row)["far"] == 0


def _judges_marks(row: Row) -> bool:
    """Whether a row permits by how packets are marked."""
    return row.shape.startswith(_MARKED)


def _joins(row: Row) -> bool:
    """Whether a row says to which conjunctions something belongs, and nothing else."""
    return row.shape in _CLAUSES


def _widened(changed: Iterable[tuple[Row, Row]]) -> Iterator[Row]:
    for old, new in changed:
        if _joins(new):
            both = _both(old.args[0], new.args[0])
            if both != old.args[0]:
                yield new._replace(args=(both,))


def _both(old: int, new: int) -> int:
    """The ids of two rows in one.

    What two programs say fits an entry. What is held amid a change may say as much already: then
    all that will be said comes, and of what was said as much as there is room for.
    """
    was, now = ids_of(old), ids_of(new)
    rest = sorted(was - now)
    return id_set((*now, *rest[: MOST_IDS - len(now)]))


def _permits(row: Row) -> bool:
    """Whether a row permits by who the two ends are, and not by how packets are marked."""
    return row.shape.startswith(_MAY) and not _judges_marks(row)


Work = Mapping[Phase, Mapping[str, tuple[Row, ...]]]
"""The rows of each phase by switch."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Deltas by switch name; switches with nothing to do are left out."""

    switches: Mapping[str, SwitchDelta]

    def phases(self) -> Iterator[tuple[Phase, Mapping[str, tuple[Row, ...]]]]:
        """The phases that have work, in order, each with its rows by switch.

        An order between switches needs two, and something that is not new: where one alone changes,
        what comes is one bundle, and so is what goes.
        """
        work: Work = {phase: self._work(phase) for phase in Phase}
        if self._only_comes:
            work = _together(work, Phase.SWAP, Phase.ADD)  # which makes nobody forget anything
        elif len(self.switches) == 1:
            if work[Phase.SWAP]:
                work = _together(work, Phase.ADD, Phase.SWAP)
            if work[Phase.REMOVE] and not work[Phase.NARROW]:
                work = _together(work, Phase.WITHDRAW, Phase.REMOVE)
        return ((phase, rows) for phase, rows in work.items() if rows)

    @property
    def _only_comes(self) -> bool:
        """Whether all rows are new, and senders' are for packets that were dropped.

        Rows of senders' that judge marks are not: those decide also of pairs that pass already.
        """
        every = self.switches.values()
        if any(delta.changed or delta.removed for delta in every):
            return False
        return not any(_judges_marks(row) for delta in every for row in delta.added)

    def _work(self, phase: Phase) -> Mapping[str, tuple[Row, ...]]:
        each = ((name, delta.rows(phase)) for name, delta in self.switches.items())
        return {name: rows for name, rows in each if rows}

    @property
    def drains(self) -> bool:
        """Whether frames on the wire may still need what goes, so that they are waited for.

        Not where only one switch changes, and not where rules alone do: what permits a frame of a
        pair that stays allowed is there before what permitted it goes, and whom nobody may meet any
        more nobody's frame is for.
        """
        every = self.switches.values()
        rules = all(
            all(_permits(row) for row in delta.changed)
            and all(_permits(row) or row.shape in _WHO_IS_MET for row in delta.removed)
            for delta in every
        )
        return len(every) > 1 and not rules

    def __bool__(self) -> bool:
        return bool(self.switches)


def _together(work: Work, one: Phase, into: Phase) -> Work:
    """A phase's rows in another that is next to it."""
    names = sorted({*work[one], *work[into]})
    both = {name: (*work[one].get(name, ()), *work[into].get(name, ())) for name in names}
    return {**work, one: {}, into: both}


def delta(before: Program, after: Program) -> SwitchDelta:
    """The difference of two programs of one switch."""
    found = differences(before, after)
    changed = tuple(new for _, new in found.changed)
    return SwitchDelta(found.added, changed, found.removed, tuple(_widened(found.changed)))


def plan(before: Mapping[str, Program], after: Mapping[str, Program]) -> Plan:
    """The plan from one set of programs to another, by switch name."""
    deltas = {
        name: delta(before.get(name, EMPTY), after.get(name, EMPTY))
        for name in sorted({*before, *after})
    }
    return Plan({name: found for name, found in deltas.items() if found})
