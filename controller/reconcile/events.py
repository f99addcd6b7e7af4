"""What the loop is told, and what it asks for: two closed unions of frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.dataplane.program import Program
from controller.dataplane.shapes import Entry, Row
from controller.diff.cut import Cut
from controller.model.network import Network


@dataclass(frozen=True, slots=True)
class NetworkChanged:
    """The network is now this one; ``revision`` is that of its intent."""

    network: Network
    revision: int


@dataclass(frozen=True, slots=True)
class SwitchUp:
    """A switch has an OpenFlow session. What it holds is not known yet."""

    switch: str
    session: int


@dataclass(frozen=True, slots=True)
class SwitchDown:
    """A switch's session has ended. It keeps forwarding by what it holds."""

    switch: str
    session: int


@dataclass(frozen=True, slots=True)
class ReadBackDone:
    """What a switch holds: rows of our shapes, and the cookies of entries that are none.

    ``asked`` is the number of changes the switch had been sent when the read-back was asked for.
    ``cookies`` are those that were asked for, none for all: ``held`` has no others then.
    ``strays`` are the foreign entries that can be read, ``unreadable`` the cookies of the others.
    ``audit``: an audit was asked for.
    """

    switch: str
    session: int
    asked: int
    held: Program
    foreign: frozenset[int] = field(default_factory=frozenset)
    strays: tuple[Entry, ...] = ()
    unreadable: frozenset[int] = frozenset()
    cookies: frozenset[int] = frozenset()
    audit: bool = False


@dataclass(frozen=True, slots=True)
class ReadBackFailed:
    """A read-back, or an ``audit``, got no answer."""

    switch: str
    session: int
    reason: str
    audit: bool = False


@dataclass(frozen=True, slots=True)
class BundleDone:
    """A switch has committed a bundle, whole."""

    switch: str
    session: int


@dataclass(frozen=True, slots=True)
class BundleFailed:
    """A switch did not commit a bundle. ``known`` False: it may have, nobody can tell."""

    switch: str
    session: int
    reason: str
    known: bool


@dataclass(frozen=True, slots=True)
class Proved:
    """What the proof asked with this ``serial`` and ``number`` found; no faults: it holds."""

    serial: int
    number: int
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event = (
    NetworkChanged
    | SwitchUp
    | SwitchDown
    | ReadBackDone
    | ReadBackFailed
    | BundleDone
    | BundleFailed
    | Proved
    | Tick
)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Ask a switch for its entries: all, or those of some ``cookies``.

    What it then holds shares with ``expected`` what is equal, so that to compare the two is cheap.
    ``among`` is how many entries it has, or nearly. An ``audit`` is of all, a part of them at a
    time: what else the switch is asked for meanwhile does not wait for it, so what it finds may be
    of different moments.
    """

    switch: str
    session: int
    asked: int
    cookies: frozenset[int] = frozenset()
    expected: Program = field(default_factory=Program, compare=False)
    among: int = field(default=0, compare=False)
    audit: bool = False


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a switch will be asked next if all goes well: to be asked already, or not.

    Rows to ``add`` or to ``remove`` in a bundle, or the ``cookies`` to read back, ``among`` so many
    entries as :class:`ReadBack` has it.
    """

    add: tuple[Row, ...] = ()
    remove: tuple[Row, ...] = ()
    cookies: frozenset[int] = frozenset()
    among: int = 0


@dataclass(frozen=True, slots=True)
class SendBundle:
    """Change a switch in one atomic bundle: ``purge`` by cookie, then remove, then add.

    Once that is committed it forgets the connections of ``cuts``; both, before it is done.
    """

    switch: str
    session: int
    add: tuple[Row, ...] = ()
    remove: tuple[Row, ...] = ()
    purge: tuple[int, ...] = ()
    cuts: tuple[Cut, ...] = ()
    ahead: Ahead = field(default=Ahead(), compare=False)

    @property
    def members(self) -> tuple[tuple[int, ...], tuple[Row, ...], tuple[Row, ...]]:
        """What fills the bundle, in its order: what is purged, removed and added."""
        return self.purge, self.remove, self.add

    @property
    def size(self) -> int:
        """How many members that is."""
        return sum(map(len, self.members))


@dataclass(frozen=True, slots=True)
class Prepare:
    """A switch may be sent this in a moment, with its cuts: to be filled already, or not."""

    bundle: SendBundle


@dataclass(frozen=True, slots=True)
class Settled:
    """Switches are confirmed, by their own answer, to hold the program of a revision."""

    revision: int
    switches: frozenset[str]


@dataclass(frozen=True, slots=True)
class Prove:
    """Prove that what the connected switches hold does what the network means.

    Asked once they have all confirmed, and again when others have joined them. ``serial`` is that
    of the network, ``number`` counts what was asked.
    """

    serial: int
    number: int
    network: Network
    held: Mapping[str, Program]


@dataclass(frozen=True, slots=True)
class Drift:
    """A switch held something else than it was given; it is being repaired.

    ``missing`` are rows it had lost, ``altered`` and ``extra`` rows as it held them, ``foreign``
    cookies of entries that no shape has.
    """

    switch: str
    missing: tuple[Row, ...]
    altered: tuple[Row, ...]
    extra: tuple[Row, ...]
    foreign: frozenset[int]


@dataclass(frozen=True, slots=True)
class Problem:
    """A switch refused or did not answer; it is tried again."""

    switch: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reverted:
    """A switch refused a change, so the others are given back what they held before it."""

    revision: int
    refused: str
    switches: frozenset[str]


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Send a :class:`Tick` at this time, on the clock of ``now``."""

    time_s: float


@dataclass(frozen=True, slots=True)
class GoOn:
    """Send a :class:`Tick` once all switches have been asked for what they are to do.

    There is work to do while they do theirs.
    """


Effect = (
    ReadBack | Prepare | SendBundle | Prove | Settled | Drift | Problem | Reverted | WakeAt | GoOn
)
