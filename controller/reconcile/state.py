"""The loop's state: what is wanted, what each switch holds, and how far a rollout has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, NamedTuple

from controller.compile import Compilation
from controller.dataplane.program import Program
from controller.dataplane.shapes import Row
from controller.diff.cut import Cut
from controller.diff.plan import Phase
from controller.model.network import Network

MOST_COOKIES: Final = 512
"""Up to how many cookies are read back by themselves, whatever else a switch holds."""

LOOKED_UP: Final = 16
"""How many entries Open vSwitch hands over in the time that it looks a cookie up, with the turns of
its loop that so many questions take. With more cookies than so all that a switch holds is read."""


@dataclass(frozen=True, slots=True)
class SwitchState:
    """One switch. ``held`` None: not known, to be read back before anything is changed.

    ``awaited`` is what it holds, ``owing`` what it owes, once it has done what it was sent last.
    ``changes`` counts bundles sent, so that a read-back asked for before one is not believed after.
    ``serial`` is the last network that this switch was confirmed to be in line with. ``silent``:
    it has a session and does not answer, so the others do not wait for it. ``unread``: rows it was
    sent, or told to remove, since it was read back; None where all it holds has to be read.
    ``audit``: rows that it may hold otherwise than when its audit began; None where none goes on.
    ``owed``: connections that it was told to forget and has not yet said to have forgotten,
    whatever became of rollouts and sessions since.
    """

    session: int | None = None
    held: Program | None = None
    awaited: Program | None = None
    reading: bool = False
    sending: bool = False
    unconfirmed: bool = False
    changes: int = 0
    serial: int = 0
    revision: int | None = None
    problem: str | None = None
    failures: int = 0
    retry_at_s: float | None = None
    silent: bool = False
    unread: tuple[Row, ...] | None = None
    audit: tuple[Row, ...] | None = None
    owed: tuple[Cut, ...] = ()
    owing: tuple[Cut, ...] = ()

    @property
    def known(self) -> bool:
        """Whether it is connected and what it holds is known."""
        return self.session is not None and self.held is not None

    def changed_cookies(self, held: Program | None) -> frozenset[int]:
        """What to ask it for, where it holds this: entries of changed cookies; none: all."""
        if held is None or self.unread is None:
            return frozenset()
        cookies = frozenset(row.cookie for row in self.unread)
        most = max(MOST_COOKIES, len(held) // LOOKED_UP)
        return cookies if len(cookies) <= most else frozenset()


_DOWN: Final = SwitchState()


class Foreseen(NamedTuple):
    """What a switch that holds ``held`` will hold and forget after a phase that is to come."""

    held: Program
    awaited: Program
    cuts: tuple[Cut, ...]


@dataclass(frozen=True, slots=True)
class Rollout:
    """A plan under way, from ``base`` to ``target``, each by switch.

    ``waiting``: who has yet to answer in the first phase of ``phases``. ``drain_s`` is waited for
    frames on the wire before rows that they may need go. ``refused`` is who did not
    take its part: then the others are given ``base`` back. ``reverting``: this is that way back.
    ``alone``: one switch changes, and nobody else. ``foreseen`` is, by switch, what was worked out
    of a phase while the one before is under way. ``soon``: that is to be done, or the first phase
    sent, in the next step, for which :class:`controller.reconcile.events.GoOn` asks.
    """

    phases: tuple[tuple[Phase, Mapping[str, tuple[Row, ...]]], ...]
    base: Mapping[str, Program]
    target: Mapping[str, Program]
    waiting: frozenset[str] = frozenset()
    drain_s: float = 0.0
    sent: bool = False
    not_before_s: float | None = None
    refused: str | None = None
    reverting: bool = False
    alone: bool = False
    foreseen: Mapping[str, Foreseen] = field(default_factory=dict)
    soon: bool = False

    @property
    def ends_alone(self) -> bool:
        """Whether this phase is the last of a change of one switch, and takes rows away.

        All that such a switch forgets it forgets with the rows, and in a later turn once more: what
        it forgot with an earlier phase, now.
        """
        return self.alone and self.phases[0][0] is Phase.REMOVE and len(self.phases) == 1

    @property
    def only_adds(self) -> bool:
        """Whether rows come, and none are altered or taken away."""
        return all(phase is Phase.ADD for phase, _ in self.phases)

    @property
    def is_last(self) -> bool:
        """Whether no rows change after this phase."""
        return all(later is Phase.FLUSH for later, _ in self.phases[1:])

    @property
    def leaves_time(self) -> bool:
        """Whether there is nothing to work out for now: the last rows are sent, or frames drain."""
        return (self.sent and self.is_last) or self.not_before_s is not None

    def involves(self, name: str) -> bool:
        """Whether a switch has something to do yet."""
        return any(name in work for _, work in self.phases)

    def changes(self, name: str) -> bool:
        """Whether a switch's rows change yet."""
        return any(name in work for phase, work in self.phases if phase is not Phase.FLUSH)

    def forgets(self, name: str) -> bool:
        """Whether a switch is busy with its flush, which leaves rows as they are."""
        return self.sent and self.phases[0][0] is Phase.FLUSH and name in self.waiting


@dataclass(frozen=True, slots=True)
class State:
    """Everything the loop knows. ``serial`` counts networks, also those of one revision.

    ``audited`` is the switch whose audit was last, at ``audit_at_s`` it is the next one's.
    ``hold_until_s``: a switch refused; what is wanted is tried again then. ``await_until_s``: until
    then a declared switch that is not connected is waited for before a rollout begins; and
    ``unread_until_s``: until then one that is connected, and of which nothing is known yet.
    ``incremental``: what a change leaves as it is, is not compiled again.
    ``proving`` is the network whose proof has been asked for last, with that ``proof_number`` and
    of the switches ``asked``; ``judged`` is the last whose proof has an answer, ``proved`` the last
    that was found to hold. ``faults``: what the last one found.
    """

    network: Network | None = None
    revision: int = 0
    serial: int = 0
    incremental: bool = True
    compiled: Compilation | None = None
    wanted: Mapping[str, Program] = field(default_factory=lambda: MappingProxyType({}))
    switches: Mapping[str, SwitchState] = field(default_factory=lambda: MappingProxyType({}))
    rollout: Rollout | None = None
    audit_at_s: float | None = None
    audited: str = ""
    hold_until_s: float | None = None
    await_until_s: float | None = None
    unread_until_s: float | None = None
    proving: int = 0
    proof_number: int = 0
    asked: frozenset[str] = frozenset()
    judged: int = 0
    proved: int = 0
    faults: tuple[str, ...] = ()

    def switch(self, name: str) -> SwitchState:
        """A switch's state; a switch never heard of is down."""
        return self.switches.get(name, _DOWN)

    @property
    def is_read(self) -> bool:
        """Whether of everyone who is connected, and answers, it is known what he holds."""
        return not any(
            switch.session is not None and not switch.silent and switch.held is None
            for switch in self.switches.values()
        )

    def with_switch(self, name: str, switch: SwitchState) -> State:
        """The state with one switch's replaced."""
        return replace(self, switches=MappingProxyType({**self.switches, name: switch}))

    def in_line(self, name: str) -> bool:
        """Whether a switch is connected and confirmed to hold what is wanted of it now."""
        switch = self.switch(name)
        return switch.session is not None and switch.serial == self.serial > 0
