"""Changes of rules that overlap: one packet, another rule, another class.

Every order of the switches is tried in every phase, and either entry where two overlap meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations, product
from typing import Any

import pytest

from controller.compile import compile_network
from controller.dataplane.fields import PROTO_TCP
from controller.dataplane.program import Program
from controller.diff.plan import plan
from controller.model.network import Network
from controller.verify.probe import Question, ask
from controller.verify.site import Site
from tests.sites import INTENT, intent, plugged, topology
from tests.verify.test_plan_safety import apply, one_of, other_of

_MARK = 20
_BROAD = {"name": "broad", "allow": ["any"], "class": "bulk"}
_RANGE = {"name": "range", "allow": ["tcp/80-95"], "class": "bulk"}
_NARROW = {"name": "narrow", "allow": ["tcp/80"], "class": "realtime"}


def _marked(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {**rule, "dscp": _MARK}


def _network(*rules: Mapping[str, Any]) -> Network:
    ends = {"from": {"tier": "web"}, "to": {"tier": "api"}}
    classes = {**INTENT["classes"], "bulk": {"dscp": 10, "queue": 2}}
    wanted = intent({**INTENT, "classes": classes, "rules": [{**ends, **rule} for rule in rules]})
    return Network(wanted, topology(), plugged(wanted, topology()))


def _points(
    before: Mapping[str, Program], after: Mapping[str, Program]
) -> Iterator[dict[str, Program]]:
    phases = list(plan(before, after).phases())
    for orders in product(*(permutations(sorted(work)) for _, work in phases)):
        held = dict(before)
        for (phase, work), order in zip(phases, orders, strict=True):
            for name in order:
                held[name] = apply(held[name], phase, work[name])
                yield dict(held)
        assert {name: program.rows for name, program in held.items()} == {
            name: program.rows for name, program in after.items()
        }


@pytest.mark.parametrize(
    "rules",
    [
        ([_BROAD], [_BROAD, _NARROW]),
        ([_BROAD], [_BROAD, _marked(_NARROW)]),
        ([_marked(_BROAD)], [_marked(_BROAD), _marked(_NARROW)]),
        ([_marked(_BROAD)], [_marked(_NARROW)]),
        ([_marked(_BROAD)], [_NARROW]),
        ([_RANGE], [_RANGE, _NARROW]),
        ([_marked(_RANGE)], [_marked(_RANGE), _marked(_NARROW)]),
        ([_marked(_RANGE)], [{**_marked(_RANGE), "class": "realtime"}]),
    ],
)
@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_what_both_allow_is_never_lost(rules: tuple[Any, Any], back: bool) -> None:
    old, new = (_network(*some) for some in (reversed(rules) if back else rules))
    instances = old.intent.instances
    for held in _points(compile_network(old), compile_network(new)):
        for receiver, choose in product(("api-1", "api-2"), (one_of, other_of)):
            question = Question(instances["web-1"], instances[receiver], PROTO_TCP, 80, _MARK)
            answer = ask(Site(old, held, choose), question)
            assert (answer.reached, answer.answered) == (receiver, "web-1")
