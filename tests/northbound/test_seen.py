"""What passes is seen in the matrix, by what entries have counted since they were read before."""

from __future__ import annotations

from itertools import count

from controller.compile.context import RULE_BITS
from controller.compile.numbering import identity_numbers
from controller.dataplane.permission import Permission
from controller.model.decode import decode_intent
from controller.model.identity import identities
from controller.model.numbers import stable_numbers
from controller.northbound.ports import Sighting
from controller.sightings import Sightings
from tests.northbound.client import Client
from tests.northbound.fakes import DOCUMENT, HOSTS, FakeController

INTENT = decode_intent(DOCUMENT, hosts=HOSTS)
KEYS = identities(INTENT)
RULES = stable_numbers(INTENT.rules, RULE_BITS)
NUMBERS = identity_numbers(KEYS.values())
WEB_TO_API = Permission(RULES["web-to-api"], NUMBERS[KEYS["web"]], NUMBERS[KEYS["api"]])
SCRAPE = Permission(RULES["scrape"])


def sightings() -> Sightings:
    times = count(1)
    return Sightings(lambda: f"t{next(times)}")


def test_only_what_rises_is_seen() -> None:
    seen = sightings()
    seen.take("edge-1", {WEB_TO_API: 5})
    assert seen.of(INTENT) == []  # it may have passed long ago
    seen.take("edge-1", {WEB_TO_API: 5})
    assert seen.of(INTENT) == []
    seen.take("edge-1", {WEB_TO_API: 6, SCRAPE: 1})
    found = [
        Sighting("web-to-api", KEYS["web"], KEYS["api"], "t2"),
        Sighting("scrape", None, None, "t2"),
    ]
    assert seen.of(INTENT) == found
    seen.take("edge-1", {SCRAPE: 2})
    assert [one.at for one in seen.of(INTENT)] == ["t2", "t3"]


def test_a_switch_that_begins_anew_is_seen_from_there() -> None:
    seen = sightings()
    for packets in (100, 3, 4):
        seen.take("edge-1", {WEB_TO_API: packets})
    assert [one.at for one in seen.of(INTENT)] == ["t2"]


def test_what_is_read_of_some_entries_says_nothing_of_others() -> None:
    seen, some = sightings(), frozenset({1})
    seen.take("edge-1", {WEB_TO_API: 1}, some)
    assert seen.of(INTENT) == []
    seen.take("edge-1", {WEB_TO_API: 1, SCRAPE: 1})
    seen.take("edge-1", {SCRAPE: 1}, some)
    seen.take("edge-1", {WEB_TO_API: 1, SCRAPE: 1})
    assert seen.of(INTENT) == []


def test_what_is_gone_is_forgotten() -> None:
    seen = sightings()
    seen.take("edge-1", {})
    seen.take("edge-1", {WEB_TO_API: 1, SCRAPE: 1})
    without = decode_intent({**DOCUMENT, "rules": [DOCUMENT["rules"][0]]}, hosts=HOSTS)  # type: ignore[index]
    assert [one.rule for one in seen.of(without)] == ["web-to-api"]
    assert [one.rule for one in seen.of(INTENT)] == ["web-to-api"]


def cells(call: Client, query: str = "") -> dict[tuple[str, str], str | None]:
    found = call.get(f"/v1/matrix{query}")["cells"]
    return {(cell["source"], cell["destination"]): cell["seen"] for cell in found}


def test_the_matrix_says_when(call: Client, engine: FakeController) -> None:
    assert cells(call) == {("ops", "shop"): None, ("shop", "shop"): None}
    engine.sighted = [Sighting("web-to-api", KEYS["web"], KEYS["api"], "t1")]
    assert cells(call) == {("ops", "shop"): None, ("shop", "shop"): "t1"}
    assert cells(call, "?source=shop") == {("web", "api"): "t1"}


def test_a_pair_is_not_marked_for_what_another_has_sent(
    call: Client, engine: FakeController
) -> None:
    engine.sighted = [Sighting("scrape", KEYS["prometheus"], KEYS["web"], "t1")]
    of_services = cells(call, "?source=ops&destination=shop")
    assert of_services == {("prometheus", "web"): "t1", ("prometheus", "api"): None}


def test_a_rule_that_is_counted_as_a_whole_marks_all_its_pairs(
    call: Client, engine: FakeController
) -> None:
    engine.sighted = [Sighting("scrape", None, None, "t2")]
    of_services = cells(call, "?source=ops&destination=shop")
    assert of_services == {("prometheus", "web"): "t2", ("prometheus", "api"): "t2"}


def test_what_is_seen_is_no_matter_of_the_revision(call: Client) -> None:
    assert "etag" not in call("GET", "/v1/matrix").headers
