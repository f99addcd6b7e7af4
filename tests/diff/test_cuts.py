"""What a switch must forget, case by case, from hand-made programs."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest

from controller.compile.grants import blocks
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program, program
from controller.dataplane.shapes import Row
from controller.diff.alone import MOST_SINGLY
from controller.diff.cut import MOST_ADDRESSES, MOST_MEETINGS, Cut, cuts, needed

WEB, API, DB = 11, 12, 13
VRF, OTHER_VRF = 1, 2
W1, W2, A1 = (int(IPv4Address(f"10.0.0.{n}")) for n in (1, 2, 3))
ICMP, TCP, UDP = 1, 6, 17


def here(zone: int, ip: int, identity: int, *, vrf: int = VRF, port: int = 4) -> Row:
    return SHAPES["admit.ipv4"].row(
        0, port=port, mac=ip, ip=ip, vrf=vrf, segment=1, source=identity, zone=zone
    )


def there(ip: int, identity: int, *, vrf: int = VRF) -> Row:
    return SHAPES["resolve.receiver:away"].row(
        0, vrf=vrf, ip=ip, target=1, destination=identity, edge=2, lane=0
    )


def allow(source: int, destination: int, what: str, dscp: int | None = None) -> Iterator[Row]:
    """Rows of a rule for ``any``, ``icmp``, ``tcp/80`` or ``udp/1-99``; of both edges if marked."""
    protocol, _, span = what.partition("/")
    first, _, last = span.partition("-")
    places: list[dict[str, int]] = [{}]
    if span:
        some = blocks(int(first), int(last or first))
        places = [{"port": port, "port_mask": mask} for port, mask in some]
    pair = {"source": source, "destination": destination, "class": 0}
    for place in places:
        if dscp is None:
            yield SHAPES[f"permit.{protocol}"].row(0, **pair, **place)
        else:
            shape = SHAPES[f"permit.marked_{protocol}"]
            yield shape.row(0, **pair, **place, far=0, dscp=dscp)
            yield shape.row(0, **pair, **place, far=1, dscp=0)


NAMES = (there(W1, WEB), there(W2, WEB), there(A1, API))
SITE = (here(1, W1, WEB), *NAMES)
"""One web instance here, in zone 1; another and an API elsewhere."""


def of(
    *rules: tuple[int, int, str] | tuple[int, int, str, int], site: tuple[Row, ...] = SITE
) -> Program:
    return program([*site, *(row for rule in rules for row in allow(*rule))])


def test_nothing_changes_nothing_is_cut() -> None:
    assert cuts(of((WEB, API, "any")), of((WEB, API, "any"))) == ()


def test_what_is_added_cuts_nothing() -> None:
    assert cuts(of(), of((WEB, API, "any"), (API, WEB, "tcp/80"))) == ()


def test_the_last_rule_of_a_pair_cuts_the_pair_in_its_direction() -> None:
    before = of((WEB, API, "tcp/80"), (API, WEB, "tcp/80"))
    assert cuts(before, of((API, WEB, "tcp/80"))) == (Cut(1, W1, A1),)
    assert cuts(before, of((WEB, API, "tcp/80"))) == (Cut(1, A1, W1),)


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        ("tcp/443", [Cut(1, W1, A1, TCP, 443)]),
        ("tcp/442-444", [Cut(1, W1, A1, TCP, port) for port in (442, 443, 444)]),
        ("tcp/1000-1063", [Cut(1, W1, A1, TCP, port) for port in range(1000, 1064)]),
        ("tcp/1000-1064", [Cut(1, W1, A1, TCP)]),
        ("udp/53", [Cut(1, W1, A1, UDP)]),
        ("icmp", [Cut(1, W1, A1, ICMP)]),
        ("any", [Cut(1, W1, A1)]),
        ("tcp/80", []),
        ("tcp/79-81", [Cut(1, W1, A1, TCP, port) for port in (79, 81)]),
    ],
)
def test_a_rule_goes_and_port_80_stays(lost: str, expected: list[Cut]) -> None:
    rest = of((WEB, API, "tcp/80"))
    both = program([*rest, *(row for row in allow(WEB, API, lost) if row.key not in rest.rows)])
    assert sorted(cuts(both, rest), key=str) == sorted(expected, key=str)


def test_the_same_granted_in_other_blocks_is_no_loss() -> None:
    before = of((WEB, API, "tcp/80-95"), (WEB, API, "udp/53"))
    assert cuts(before, of((WEB, API, "tcp/64-127"), (WEB, API, "udp/53"))) == ()
    assert cuts(before, of((WEB, API, "any"))) == ()


def test_the_class_of_a_rule_is_no_permission() -> None:
    before = of((WEB, API, "tcp/80"))
    after = program(
        [row._replace(args=(46,)) if row.shape == "permit.tcp" else row for row in before]
    )
    assert after != before
    assert cuts(before, after) == ()


def test_what_one_mark_has_lost_is_lost() -> None:
    before = of((WEB, API, "tcp/80", 46), (WEB, API, "tcp/80", 10), (WEB, API, "udp/53"))
    after = of((WEB, API, "tcp/80", 10), (WEB, API, "udp/53"))
    assert cuts(before, after) == (Cut(1, W1, A1, TCP, 80),)


def test_a_mark_that_may_do_no_more_than_all_is_no_loss() -> None:
    before = of((WEB, API, "tcp/80", 46), (WEB, API, "tcp/80"))
    assert cuts(before, of((WEB, API, "tcp/80"))) == ()


def test_an_instance_that_is_no_more_leaves_an_empty_zone() -> None:
    before = of((WEB, API, "tcp/80"))
    assert cuts(before, of((WEB, API, "tcp/80"), site=NAMES[1:])) == (Cut(1),)


def test_an_instance_of_another_identity_elsewhere_leaves_an_empty_zone() -> None:
    after = of((WEB, API, "tcp/80"), site=(there(W1, DB), *NAMES[1:]))
    assert cuts(of((WEB, API, "tcp/80")), after) == (Cut(1),)


def test_an_instance_that_went_to_another_host_keeps_its_connections() -> None:
    before = of((WEB, API, "tcp/80"))
    assert cuts(before, of(site=NAMES)) == ()


def test_an_address_that_changed_leaves_an_empty_zone() -> None:
    after = of((WEB, API, "tcp/80"), site=(here(1, W2, WEB), *NAMES))
    assert cuts(of((WEB, API, "tcp/80")), after) == (Cut(1),)


def test_another_port_of_the_switch_is_no_loss() -> None:
    after = of((WEB, API, "tcp/80"), site=(here(1, W1, WEB, port=9), *NAMES))
    assert cuts(of((WEB, API, "tcp/80")), after) == ()


def test_another_identity_is_compared_by_addresses() -> None:
    before = of((WEB, API, "tcp/80"), (WEB, API, "tcp/81"), (API, WEB, "icmp"))
    site = (here(1, W1, DB), there(W1, DB), *NAMES[1:])
    after = of((WEB, API, "tcp/80"), (DB, API, "tcp/81"), (API, DB, "any"), site=site)
    assert cuts(before, after) == (Cut(1, W1, A1, TCP, 80),)


def test_a_peer_of_another_identity_is_compared_by_addresses() -> None:
    before = of((WEB, API, "tcp/80"), (WEB, DB, "udp/53"), (WEB, DB, "tcp/80"))
    site = (*SITE[:3], there(A1, DB))
    assert cuts(before, of((WEB, DB, "tcp/80"), site=site)) == ()
    assert cuts(before, of((WEB, DB, "udp/53"), site=site)) == (Cut(1, W1, A1, TCP),)


def test_an_address_that_is_nobodys_now_is_forgotten() -> None:
    before = of((WEB, API, "tcp/80"), (API, WEB, "any"))
    after = of((WEB, API, "tcp/80"), (API, WEB, "any"), site=SITE[:3])
    assert cuts(before, after) == (Cut(1, W1, A1), Cut(1, A1, W1))


def test_a_receiver_that_moves_to_another_host_is_the_same() -> None:
    arrived = SHAPES["resolve.receiver:here"].row(0, vrf=VRF, ip=A1, target=1, destination=API)
    before = of((WEB, API, "tcp/80"))
    assert cuts(before, of((WEB, API, "tcp/80"), site=(*SITE[:3], arrived))) == ()


def test_another_vrf_has_other_addresses() -> None:
    rules = ((WEB, API, "tcp/80"),)
    moved = (here(1, W1, WEB, vrf=OTHER_VRF), *NAMES)
    assert cuts(of(*rules), of(*rules, site=moved)) == (Cut(1, W1, A1),)
    known = (*moved, there(A1, API, vrf=OTHER_VRF))
    assert cuts(of(*rules), of(*rules, site=known)) == ()


def test_the_same_address_in_a_vrf_of_nobody_here_is_passed_over() -> None:
    elsewhere = there(A1, API, vrf=OTHER_VRF)
    before = of((WEB, API, "tcp/80"), site=(*SITE, elsewhere))
    assert cuts(before, of((WEB, API, "tcp/80"))) == ()


def test_every_instance_and_every_peer_of_the_pair_is_cut() -> None:
    site = (here(1, W1, WEB), here(2, W2, WEB, port=5), *NAMES)
    before = of((WEB, API, "tcp/80"), (WEB, WEB, "tcp/22"), site=site)
    found = cuts(before, of((WEB, WEB, "tcp/22"), site=site))
    assert set(found) == {Cut(1, W1, A1), Cut(2, W2, A1)}


def test_both_zones_of_a_pair_on_one_switch_are_cut() -> None:
    site = (here(1, W1, WEB), here(3, A1, API, port=5), *NAMES)
    found = cuts(of((WEB, API, "tcp/80"), site=site), of(site=site))
    assert set(found) == {Cut(1, W1, A1), Cut(3, W1, A1), Cut(3, W2, A1)}


def test_many_addresses_are_cut_as_one_and_only_of_what_was_lost() -> None:
    crowd = tuple(there(A1 + n, API) for n in range(MOST_ADDRESSES))
    rules = ((WEB, API, "tcp/80"), (WEB, WEB, "tcp/22"))
    before = of(*rules, (API, WEB, "icmp"), site=(*SITE[:3], *crowd))
    after = of(rules[1], site=(*SITE[:3], *crowd))
    few = {Cut(1, W1, A1 + n) for n in range(MOST_ADDRESSES)}
    assert set(cuts(before, after)) == few | {Cut(1, c.target, c.source) for c in few}
    more = (*SITE[:3], *crowd, there(A1 + MOST_ADDRESSES, API))
    before = of(*rules, (API, WEB, "icmp"), site=more)
    assert cuts(before, of(rules[1], site=more)) == (
        Cut(1, W1, None, TCP, 80),
        Cut(1, None, W1, ICMP),
    )


def crowd(size: int) -> tuple[Row, ...]:
    """So many web instances here, in zones from 1 on, their addresses, and at last the API's."""
    numbers = range(1, size + 1)
    instances = (here(zone, A1 + zone, WEB) for zone in numbers)
    return (*instances, *(there(A1 + zone, WEB) for zone in numbers), there(A1, API))


def said(found: tuple[Cut, ...]) -> set[tuple[int | None, ...]]:
    return {(c.zone, c.source, c.target, c.protocol, c.port) for c in found}


RULES = ((WEB, API, "tcp/80"), (API, WEB, "icmp"))
BOTH_AT_ONCE = {(None, None, A1, None, None), (None, A1, None, None, None)}


def test_who_has_lost_the_same_with_many_is_cut_by_his_own_address() -> None:
    few, many = crowd(MOST_SINGLY), crowd(MOST_SINGLY + 1)
    singly = cuts(of(*RULES, site=few), of(*RULES, site=(*few[:-1], there(A1, DB))))
    assert len(singly) == 2 * MOST_SINGLY
    assert None not in {cut.zone for cut in singly}
    found = cuts(of(*RULES, site=many), of(*RULES, site=(*many[:-1], there(A1, DB))))
    assert said(found) == BOTH_AT_ONCE
    assert {cut.zones for cut in found} == {tuple(range(1, MOST_SINGLY + 2))}


def test_his_own_zone_is_cut_with_the_others() -> None:
    many, api = crowd(MOST_SINGLY + 1), here(99, A1, API, port=5)
    now = (*many[:-1], there(A1, DB), here(99, A1, DB, port=5))
    found = cuts(of(*RULES, site=(*many, api)), of(*RULES, site=now))
    assert said(found) == BOTH_AT_ONCE
    assert all(99 in cut.zones for cut in found)


def test_what_he_may_do_now_is_left_out() -> None:
    many = crowd(MOST_SINGLY + 1)
    moved = (*many[:-1], there(A1, DB))
    found = cuts(of(*RULES, site=many), of(*RULES, (WEB, DB, "tcp/443"), site=moved))
    assert said(found) == {(None, None, A1, 6, 80), (None, A1, None, None, None)}


@pytest.mark.parametrize(
    "other",
    [
        here(99, W1, DB, port=5),  # somebody who keeps it
        here(99, W1, DB, vrf=OTHER_VRF, port=5),  # the same, in a VRF that knows him still
        here(99, A1, DB, vrf=OTHER_VRF, port=5),  # somebody else with his address
    ],
    ids=["keeps it", "in another VRF", "has the same address"],
)
def test_what_stays_with_anybody_is_not_cut_with_the_rest(other: Row) -> None:
    leak = there(A1, API, vrf=OTHER_VRF), there(W2, WEB, vrf=OTHER_VRF)
    rules = (*RULES, (DB, API, "tcp/80"), (DB, WEB, "any"), (WEB, DB, "any"), (DB, 20, "tcp/80"))
    many = (*crowd(MOST_SINGLY + 1), other, *leak)
    gone = tuple(row for row in many if row != there(A1, API))
    after = (*gone, there(A1, 20))
    found = cuts(of(*rules, site=many), of(*rules, site=after))
    tcp = {(c.zone, c.source, c.target) for c in found if c.target == A1}
    assert tcp == {(zone, A1 + zone, A1) for zone in range(1, MOST_SINGLY + 2)}


def test_what_is_permitted_since_the_change_began_does_not_count() -> None:
    many = crowd(MOST_SINGLY + 1)
    rules = (*RULES, (WEB, WEB, "tcp/22"), (WEB, DB, "tcp/80"))
    base = of(*rules, site=many)
    midway = (here(99, W1, WEB, vrf=OTHER_VRF), there(A1, DB, vrf=OTHER_VRF))
    before, after = (of(*rules, site=(*some, *midway)) for some in (many, many[:-1]))
    assert len(cuts(before, after)) == MOST_SINGLY + 2
    assert said(cuts(before, after, base=base)) == {
        (None, None, A1, 6, 80),
        (None, A1, None, None, None),
    }


def test_what_very_many_have_lost_is_cut_so_even_if_some_keep_it() -> None:
    many = (*crowd(MOST_MEETINGS + 1), here(999, W1, DB, port=5))
    rules = (*RULES, (DB, API, "any"), (DB, 20, "any"), (API, DB, "any"), (20, DB, "any"))
    after = tuple(there(A1, 20) if row == there(A1, API) else row for row in many)
    found = cuts(of(*rules, site=many), of(*rules, site=after))
    assert said(found) == {(None, None, A1, 6, 80), (None, A1, None, 1, None)}
    assert {c.zones for c in found} == {tuple(range(1, MOST_MEETINGS + 2))}


def test_what_another_cut_takes_with_it_is_not_sent() -> None:
    wide = Cut(None, W1, None, TCP, None, (1, 2))
    kept = (
        *(Cut(1), Cut(3, W1, W2, TCP), Cut(1, W2, W1, TCP), Cut(1, W1, W2), Cut(1, W1, None, UDP)),
        Cut(None, None, W1, TCP, 80, (1, 2)),
    )
    taken = (Cut(1, W1, W2, TCP), Cut(2, W1, None, TCP, 80), Cut(1, W1, A1, TCP, 443))
    assert needed((*taken, wide, *kept, wide)) == (wide, *kept)
