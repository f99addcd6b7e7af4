"""Single edits of installed flows that no shape of ours has: as a switch stores and reports them.

Other than a mutant (:mod:`tests.verify.mutants`), a touched entry is no row: an action is another,
or missing, or one too many; a fixed part of its match is; it goes on elsewhere, has a timeout, or
is somebody else's.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

from controller.dataplane.actions import Conjoin, Load, Output
from controller.dataplane.pipeline import SHAPES, Table
from controller.dataplane.program import Program, row_of
from controller.dataplane.shapes import Entry, Match, Row
from controller.reconcile.events import ReadBack, ReadBackDone, SendBundle
from controller.southbound.openflow.reading import StatsReader
from controller.southbound.read_back import Holding
from tests.openflow.test_damage import HEAD, statistics

_IDLE_AT = 14  # struct ofp_flow_stats, idle_timeout
Slot = tuple[int, int, tuple[Match, ...]]


class Stored(NamedTuple):
    """An entry in a switch; one with a timeout is none that the verifier reads."""

    entry: Entry
    idle_s: int = 0


@dataclass
class Switch:
    """Entries by what makes them themselves to OpenFlow: table, priority and match."""

    name: str
    entries: dict[Slot, Stored]

    @staticmethod
    def of(name: str, rows: Iterable[Row]) -> Switch:
        made = Switch(name, {})
        for row in rows:
            made.put(SHAPES[row.shape].entry(row))
        return made

    def put(self, entry: Entry, idle_s: int = 0) -> None:
        """Add an entry; it takes the place of one with its match."""
        self.entries[_slot(entry)] = Stored(entry, idle_s)

    def read_back(self, asked: ReadBack) -> ReadBackDone:
        """The answer as it is read off the wire."""
        reply = bytes(HEAD) + b"".join(map(_reported, self.entries.values()))
        holding = Holding(asked)
        found = StatsReader().read(reply)
        while holding.take_some(found):
            pass
        return holding.done()

    def commit(self, bundle: SendBundle) -> None:
        """Carry a bundle out."""
        kept = {s: e for s, e in self.entries.items() if e.entry.cookie not in bundle.purge}
        for row in bundle.remove:
            kept.pop(_slot(SHAPES[row.shape].entry(row)), None)
        self.entries = kept
        for row in bundle.add:
            self.put(SHAPES[row.shape].entry(row))


class Touch(NamedTuple):
    """An edit in words, the entry that comes of it, and the one whose place it takes, if any."""

    switch: str
    text: str
    entry: Entry
    instead_of: Row | None
    idle_s: int = 0


def touches(programs: dict[str, Program], seed: int, count: int) -> Iterator[Touch]:
    """Random edits, each of which leaves an entry that is no row of ours."""
    return islice(_touches(programs, random.Random(seed)), count)


def _touches(programs: dict[str, Program], chance: random.Random) -> Iterator[Touch]:
    edits = (_action_lost, _action_swapped, _match_altered, _match_lost, _goes_elsewhere, _strange)
    while True:
        switch = chance.choice(sorted(programs))
        shape = chance.choice(sorted({row.shape for row in programs[switch]}))
        row = chance.choice(sorted(r for r in programs[switch] if r.shape == shape))
        entry = SHAPES[shape].entry(row)
        edit = chance.choice(edits)
        other = edit(entry, chance)
        if other is None or other == entry:
            continue
        if row_of(other) is not None and other.cookie == row.cookie:
            continue
        if chance.random() < 0.3:  # beside what is there, or at least before it
            other = replace(other, priority=max(0, other.priority + chance.choice((-1, 1))))
        instead = row if chance.random() < 0.5 or _slot(other) == _slot(entry) else None
        yield Touch(switch, f"{edit.__name__} of {row}", other, instead)


def _action_lost(entry: Entry, chance: random.Random) -> Entry | None:
    if not entry.actions or _is_clause(entry):
        return None
    at = chance.randrange(len(entry.actions))
    return replace(entry, actions=entry.actions[:at] + entry.actions[at + 1 :])


def _action_swapped(entry: Entry, chance: random.Random) -> Entry | None:
    """One register or port is another."""
    if _is_clause(entry):
        return None
    found = [n for n, action in enumerate(entry.actions) if isinstance(action, Load | Output)]
    if not found:
        return replace(entry, actions=(*entry.actions, Output(chance.randint(1, 3))))
    at = chance.choice(found)
    old = entry.actions[at]
    new = Output(chance.randint(1, 3)) if isinstance(old, Load) else Load(_some_bits(chance), 1)
    return replace(entry, actions=(*entry.actions[:at], new, *entry.actions[at + 1 :]))


def _some_bits(chance: random.Random) -> object:
    loads = [a for s in SHAPES.values() for a in s.actions if isinstance(a, Load)]
    return chance.choice(loads).bits


def _match_altered(entry: Entry, chance: random.Random) -> Entry | None:
    """Of what every row of the shape has alike, such as ct_state, one bit is another or ignored."""
    fixed = [m for m in entry.match if m.field in ("ct_state", "reg0", "ip_proto", "arp_op")]
    if not fixed:
        return None
    old = chance.choice(fixed)
    bit = chance.choice([1 << n for n in range(32) if old.mask >> n & 1])
    flipped = Match(old.field, old.value ^ bit, old.mask)
    ignored = Match(old.field, old.value & ~bit, old.mask & ~bit)
    new = chance.choice((flipped, ignored))
    match = tuple(new if m == old else m for m in entry.match)
    return replace(entry, match=tuple(m for m in match if m.mask))


def _match_lost(entry: Entry, chance: random.Random) -> Entry | None:
    """A field is not asked for any more; what others need (OpenFlow's prerequisites) stays."""
    loose = [m for m in entry.match if m.field not in ("eth_type", "ip_proto", "vlan_vid")]
    if not loose:
        return None
    gone = chance.choice(loose)
    return replace(entry, match=tuple(m for m in entry.match if m != gone))


def _goes_elsewhere(entry: Entry, chance: random.Random) -> Entry | None:
    if _is_clause(entry):
        return None
    later = [int(table) for table in Table if table > entry.table]
    return replace(entry, goto=chance.choice([None, *later])) if later else None


def _strange(entry: Entry, chance: random.Random) -> Entry | None:
    """Somebody else's cookie, or one of an object of ours that there is not."""
    return replace(entry, cookie=chance.choice((0, 0x77, entry.cookie ^ 0xFFFF0000)))


def _is_clause(entry: Entry) -> bool:
    """Open vSwitch refuses a clause that does something besides."""
    return any(isinstance(action, Conjoin) for action in entry.actions)


def _slot(entry: Entry) -> Slot:
    return entry.table, entry.priority, entry.match


def _reported(stored: Stored) -> bytes:
    data = statistics(stored.entry)
    return data[:_IDLE_AT] + stored.idle_s.to_bytes(2, "big") + data[_IDLE_AT + 2 :]
