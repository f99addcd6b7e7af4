"""How far a change may have come: the states between two sets of programs, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from controller.dataplane.program import Program
from controller.dataplane.shapes import Row, RowKey
from controller.diff.plan import Phase, plan
from labkit.faults import Held

Programs = Mapping[str, Program]
Rows = dict[RowKey, Row]


@dataclass(frozen=True, slots=True)
class Way:
    """The way from one set of programs to another: what each switch holds after each phase."""

    stages: tuple[Mapping[str, Rows], ...]

    @property
    def last(self) -> int:
        """The number of phases."""
        return len(self.stages) - 1

    def places(self, held: Mapping[str, Held]) -> list[int]:
        """The phases in which switches may hold this; none: it is no point of the way.

        In phase ``n`` each switch, on its own, holds what it did before it or after it.
        """
        return [n for n in range(self.last + 1) if self._fits(n, held)]

    def each_is_on_it(self, held: Mapping[str, Held]) -> bool:
        """Whether each switch, on its own, holds what it does after one of the phases.

        Those that are connected do not wait for one that is not, so they may be further on.
        """
        return all(
            not found.foreign and dict(found.program.rows) in [stage[name] for stage in self.stages]
            for name, found in held.items()
        )

    def off(self, held: Mapping[str, Held]) -> str:
        """In words, which switch is off the way, for a failed test."""
        lines = []
        for name, found in held.items():
            stages = [stage[name] for stage in self.stages]
            rows = dict(found.program.rows)
            where = [n for n, stage in enumerate(stages) if stage == rows]
            nearest = min(stages, key=lambda stage: len(stage.items() ^ rows.items()))
            odd = nearest.items() ^ rows.items()
            lines.append(
                f"{name}: as after phases {where}; {found.foreign} {sorted(map(str, odd))}"
            )
        return "\n".join(lines)

    def _fits(self, phase: int, held: Mapping[str, Held]) -> bool:
        before, after = self.stages[max(0, phase - 1)], self.stages[phase]
        return all(
            not found.foreign and dict(found.program.rows) in (before[name], after[name])
            for name, found in held.items()
        )


def way(before: Programs, after: Programs) -> Way:
    """The way of a change: each phase whole on every switch before the next begins."""
    stages = [{name: dict(before[name].rows) for name in before}]
    for phase, work in plan(before, after).phases():
        stages.append({name: _done(stages[-1][name], phase, work.get(name, ())) for name in before})
    return Way(tuple(stages))


def _done(rows: Rows, phase: Phase, work: tuple[Row, ...]) -> Rows:
    found = dict(rows)
    for row in work:
        if phase.removes:
            found.pop(row.key, None)
        else:
            found[row.key] = row
    return found
