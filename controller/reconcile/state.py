"""The loop's state: what is wanted, what each switch holds, and how far a rollout has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from controller.dataplane.program import Program
from controller.dataplane.shapes import Row
from controller.diff.plan import Phase
from controller.model.network import Network


@dataclass(frozen=True, slots=True)
class SwitchState:
    """One switch. ``held`` None: not known, to be read back before anything is changed.

    ``changes`` counts bundles sent, so that a read-back asked for before one is not believed after.
    ``serial`` is the last network that this switch was confirmed to be in line with.
    """

    session: int | None = None
    held: Program | None = None
    reading: bool = False
    sending: bool = False
    unconfirmed: bool = False
    changes: int = 0
    serial: int = 0
    revision: int | None = None
    problem: str | None = None
    failures: int = 0
    retry_at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Rollout:
    """A plan under way. ``waiting``: who has yet to answer in the first phase of ``phases``."""

    phases: tuple[tuple[Phase, Mapping[str, tuple[Row, ...]]], ...]
    waiting: frozenset[str] = frozenset()
    sent: bool = False
    not_before_s: float | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Everything the loop knows. ``serial`` counts networks, also those of one revision."""

    network: Network | None = None
    revision: int = 0
    serial: int = 0
    wanted: Mapping[str, Program] = field(default_factory=lambda: MappingProxyType({}))
    switches: Mapping[str, SwitchState] = field(default_factory=lambda: MappingProxyType({}))
    rollout: Rollout | None = None
    audit_at_s: float | None = None

    def switch(self, name: str) -> SwitchState:
        """A switch's state; a switch never heard of is down."""
        return self.switches.get(name, SwitchState())

    def with_switch(self, name: str, switch: SwitchState) -> State:
        """The state with one switch's replaced."""
        return replace(self, switches=MappingProxyType({**self.switches, name: switch}))

    def in_line(self, name: str) -> bool:
        """Whether a switch is connected and confirmed to hold what is wanted of it now."""
        switch = self.switch(name)
        return switch.session is not None and switch.serial == self.serial > 0
