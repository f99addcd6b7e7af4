"""Every way in which packets can meet the switches of a site amid changes.

A timeline is a row of stages, each finished on every switch before the next begins. Within a stage
switches answer in any order. A packet takes its time: it may cross one switch before that one has
answered and another long after, in a later stage even, though never after a drain that it was on
its way before. Which switch has answered is decided when a packet gets there, so what is walked is
every order of the answers, at the cost of those that make a difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from controller.dataplane.program import Program
from controller.dataplane.shapes import Entry, Row
from controller.diff.plan import Phase, plan
from controller.model.network import Network
from controller.verify.conntrack import Conntrack
from controller.verify.interpreter import Ambiguous, Interpreter, Result
from controller.verify.packet import Packet
from controller.verify.site import (
    MAX_HOPS,
    NOTHING_KNOWN,
    Arrival,
    Fate,
    Looped,
    Lost,
    Site,
    State,
)


class Stage(NamedTuple):
    """A phase of a plan: what each switch has to do, and whether the wires are empty before.

    ``wet``: nobody waits for what is on the wires.
    """

    phase: Phase
    work: Mapping[str, tuple[Row, ...]]
    wet: bool = False

    @property
    def drained(self) -> bool:
        """Whether it begins only when frames already on the wire have arrived."""
        return self.phase.drains and not self.wet


class Moment(NamedTuple):
    """A time as far as it matters: the stage under way, and who is known to have answered in it."""

    stage: int
    answered: frozenset[str] = frozenset()


class Outcome(NamedTuple):
    """What may become of a packet: its fates (by each network's ports), when, and what is known."""

    fates: tuple[Fate, ...]
    at: Moment
    state: State
    way: tuple[str, ...]


@dataclass(frozen=True)
class Timeline:
    """The programs of each switch by the number of stages it has finished, and the stages."""

    stages: tuple[Stage, ...]
    versions: Mapping[str, tuple[Program, ...]]

    @staticmethod
    def of(before: Mapping[str, Program], stages: Iterable[Stage]) -> Timeline:
        """What switches hold on the way, from what they held at first."""
        stages = tuple(stages)
        versions = {name: [program] for name, program in before.items()}
        for stage in stages:
            for name, held in versions.items():
                held.append(applied(held[-1], stage.phase, stage.work.get(name, ())))
        return Timeline(stages, {name: tuple(held) for name, held in versions.items()})

    @property
    def after(self) -> Mapping[str, Program]:
        """What switches hold at the end."""
        return {name: held[-1] for name, held in self.versions.items()}

    @cached_property
    def eras(self) -> tuple[range, ...]:
        """Stages between which nothing drains. The last number stands for the time after all."""
        starts = [0, *(n for n, stage in enumerate(self.stages) if n and stage.drained)]
        return tuple(
            range(first, after)
            for first, after in zip(starts, [*starts[1:], len(self.stages) + 1], strict=True)
        )

    def era_of(self, moment: Moment) -> int:
        """The number of the era of a moment."""
        return next(n for n, era in enumerate(self.eras) if moment.stage in era)

    def possible(self, name: str, since: Moment) -> Iterator[tuple[Program, Moment]]:
        """What a switch may hold when a packet gets there, each with the earliest time it can."""
        era = self.eras[self.era_of(since)]
        stage, answered = since
        works = [n for n, each in enumerate(self.stages) if name in each.work]
        done = [n for n in works if n < stage or (n == stage and name in answered)]
        yield self.versions[name][done[-1] + 1 if done else 0], since
        for n in works:
            if n in era and n not in done:
                known = answered if n == stage else frozenset()
                yield self.versions[name][n + 1], Moment(n, known | {name})


def stages(before: Mapping[str, Program], after: Mapping[str, Program]) -> Iterator[Stage]:
    """The stages of a plan."""
    found = plan(before, after)
    last: Phase | None = None
    for phase, work in found.phases():
        drained = last is not None and found.drains and phase.drains_after(last)
        yield Stage(phase, work, wet=not drained)
        last = phase


def refused(
    before: Mapping[str, Program], forward: tuple[Stage, ...], at: int, refusing: frozenset[str]
) -> Timeline:
    """A plan until some switches refuse their part of a stage, and the way back."""
    last = forward[at]
    rest = {name: rows for name, rows in last.work.items() if name not in refusing}
    way = (*forward[:at], Stage(last.phase, rest))
    return Timeline.of(before, (*way, *stages(Timeline.of(before, way).after, before)))


def applied(held: Program, phase: Phase, rows: Iterable[Row]) -> Program:
    """A program after a bundle; the same object where there is nothing to do."""
    rows = tuple(rows)
    if not rows:
        return held
    found = dict(held.rows)
    for row in rows:
        if phase.removes:
            found.pop(row.key, None)
        else:
            found[row.key] = row
    return Program.of(MappingProxyType(found))


@dataclass(frozen=True)
class Walker:
    """Walks packets through a timeline, on wires and ports of both networks."""

    old: Site
    new: Site
    timeline: Timeline
    _switches: dict[int, tuple[Interpreter, ...]] = field(default_factory=dict)

    @staticmethod
    def of(old: Network, new: Network, timeline: Timeline) -> Walker:
        """A walker; every port of either network is plugged in both."""
        return Walker(Site(old, {}), Site(new, {}), timeline)

    def walk(
        self,
        packet: Packet,
        place: tuple[str, int],
        since: Moment,
        state: State = NOTHING_KNOWN,
    ) -> Iterator[Outcome]:
        """Everything that can become of a packet that enters at a place no sooner than then."""
        return self._from(Arrival(*place, packet), since, state, ())

    def _from(
        self, here: Arrival, since: Moment, state: State, way: tuple[str, ...]
    ) -> Iterator[Outcome]:
        if len(way) == MAX_HOPS:
            yield Outcome((Looped(here.switch),), since, state, way)
            return
        came_by = 0 if way else here.port
        for program, now in self.timeline.possible(here.switch, since):
            for result in self._results(program, here, state):
                known = {**state, here.switch: result.conntrack}
                step = (*way, f"{here.switch}@{now.stage}{'+' if now.answered else ''}")
                there = self._onward(here.switch, came_by, result)
                if isinstance(there, Arrival):
                    yield from self._from(there, now, known, step)
                else:
                    yield Outcome(there, now, known, step)

    def _onward(self, switch: str, came_by: int, result: Result) -> Arrival | tuple[Fate, ...]:
        fates = []
        for site in (self.old, self.new):
            there = site.onward(switch, came_by, result)[1]
            if isinstance(there, Arrival):
                return there
            fates.append(there)
        found = tuple(fate for fate in fates if not isinstance(fate, Lost))
        return found or tuple(fates[:1])

    def _results(self, program: Program, here: Arrival, state: State) -> Iterator[Result]:
        """One result; both where old and new entries overlap, for then either may decide."""
        known = state.get(here.switch, Conntrack())
        strict, one, other = self._interpreters(program)
        try:
            yield strict.run(here.packet, here.port, known)
        except Ambiguous:
            yield one.run(here.packet, here.port, known)
            yield other.run(here.packet, here.port, known)

    def _interpreters(self, program: Program) -> tuple[Interpreter, ...]:
        if id(program) not in self._switches:
            strict = Interpreter(program.entries())
            self._switches[id(program)] = (strict, strict.choosing(_one), strict.choosing(_other))
        return self._switches[id(program)]


def _one(one: Entry, other: Entry) -> Entry:
    return one


def _other(one: Entry, other: Entry) -> Entry:
    return other
