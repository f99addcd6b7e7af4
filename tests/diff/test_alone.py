"""Cuts by one's own address are exact: all that is lost goes, nothing that stays does.

Small switches on which whoever moves is cut so wherever he is cut at all, against every connection
that an instance there can have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, DrawFn

from controller.dataplane.program import Program
from controller.dataplane.shapes import Row
from controller.diff import alone
from controller.diff.cut import Cut, cuts
from controller.diff.plan import plan
from tests.chance import often
from tests.diff.test_cuts import ICMP, OTHER_VRF, TCP, UDP, VRF, W1, of
from tests.diff.test_cuts import here as here_at
from tests.diff.test_cuts import there as there_at
from tests.verify.test_plan_safety import apply

ADDRESSES = tuple(range(W1, W1 + 4))
IDENTITIES = (11, 12, 13)
WHAT = {"tcp/80": (TCP, 80), "tcp/443": (TCP, 443), "udp/53": (UDP, 53), "icmp": (ICMP, None)}

Rules = frozenset[tuple[int, int, str]]
RULE = (11, 12, "tcp/80")


class Somebody(NamedTuple):
    """An instance: in a zone here, or elsewhere; in which VRFs it is resolved."""

    zone: int
    ip: int
    vrf: int
    identity: int
    is_here: bool
    known_in: tuple[int, ...]


class Known(NamedTuple):
    """A connection as a zone of the switch knows it; the zone's instance is one of the ends."""

    zone: int
    source: int
    target: int
    what: str


def switch(everybody: Sequence[Somebody], rules: Rules) -> Program:
    site: list[Row] = []
    for one in everybody:
        site += [there_at(one.ip, one.identity, vrf=vrf) for vrf in one.known_in]
        if one.is_here:
            site.append(here_at(one.zone, one.ip, one.identity, vrf=one.vrf, port=one.zone))
    return of(*rules, site=tuple(site))


def allowed(everybody: Sequence[Somebody], rules: Rules) -> Iterator[Known]:
    """Every connection of an instance here that rules permit."""
    for one in everybody:
        for other in everybody if one.is_here else ():
            for source, target in ((one, other), (other, one)) if one.vrf in other.known_in else ():
                for what in WHAT:
                    if (source.identity, target.identity, what) in rules:
                        yield Known(one.zone, source.ip, target.ip, what)


def takes(cut: Cut, known: Known) -> bool:
    protocol, port = WHAT[known.what]
    return (
        cut.zone in (None, known.zone)
        and cut.source in (None, known.source)
        and cut.target in (None, known.target)
        and cut.protocol in (None, protocol)
        and cut.port in (None, port)
    )


def fits(one: Somebody, others: Sequence[Somebody]) -> bool:
    """Whether nobody else has the address in a VRF that knows both."""
    return not any(
        one.ip == other.ip and {one.vrf, *one.known_in} & {other.vrf, *other.known_in}
        for other in others
    )


@st.composite
def somebody(draw: DrawFn, zone: int, ip: int, *, is_here: bool) -> Somebody:
    vrf = draw(st.sampled_from((VRF, OTHER_VRF)))
    known_in = draw(st.sampled_from(((vrf,), (vrf,), (VRF, OTHER_VRF))))
    return Somebody(zone, ip, vrf, draw(st.sampled_from(IDENTITIES)), is_here, known_in)


@st.composite
def crowds(draw: DrawFn) -> tuple[Somebody, ...]:
    found: list[Somebody] = []
    for zone in range(1, draw(st.integers(2, 6)) + 1):
        ip, is_here = draw(st.sampled_from(ADDRESSES)), draw(st.integers(0, 3)) > 0
        one = draw(somebody(zone, ip, is_here=is_here))
        found += [one] if fits(one, found) else []
    return tuple(found)


@st.composite
def changed(draw: DrawFn, everybody: tuple[Somebody, ...]) -> tuple[Somebody, ...]:
    """Some are somebody else, in another VRF, known in others, or gone."""
    found = list(everybody)
    for one in everybody:
        if draw(st.booleans()):
            found.remove(one)
            now = draw(somebody(one.zone, one.ip, is_here=one.is_here))
            stays = draw(st.integers(0, 5)) and fits(now, found)
            found += [now] if stays else []
    return tuple(found)


some_rules = st.frozensets(
    st.tuples(*[st.sampled_from(IDENTITIES)] * 2, st.sampled_from(sorted(WHAT))),
    min_size=3,
    max_size=16,
)


def at_once(before: Program, after: Program) -> list[Cut]:
    return list(cuts(before, after))


def phase_by_phase(before: Program, after: Program) -> list[Cut]:
    held, found = before, list[Cut]()
    for phase, work in plan({"edge": before}, {"edge": after}).phases():
        now = apply(held, phase, work["edge"])
        found += cuts(held, now, base=before)
        held = now
    return found


@settings(max_examples=often(100))
@given(st.data())
def test_all_that_is_lost_is_cut_and_nothing_that_stays(data: DataObject) -> None:
    rules, some = data.draw(some_rules), data.draw(crowds())
    later, others = data.draw(changed(some)), data.draw(st.sampled_from((rules, rules | {RULE})))
    was, now = set(allowed(some, others)), set(allowed(later, rules))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alone, "MOST_SINGLY", 0)
        carry_out = data.draw(st.sampled_from((at_once, phase_by_phase)))
        found = carry_out(switch(some, others), switch(later, rules))
    taken = {known for known in was | now if any(takes(cut, known) for cut in found)}
    there = {one.zone for one in some} & {one.zone for one in later}
    assert not {known for known in was - now if known.zone in there} - taken
    assert not was & now & taken
    if any(cut.zone is None for cut in found):
        event("by his own address")
        event(f"others stay: {bool(was & now)}")
