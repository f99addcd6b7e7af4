"""The example of a placement tool: 50 instances stay placed while hosts come and go."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from controller.client import Bulkhead
from examples.scheduler import hosts_up, plan_of, reconcile
from tests.northbound.fakes import FakeController

_NAMES = st.sampled_from([f"web-{n}" for n in range(1, 9)] + ["old-1"])
_HOSTS = ["h1", "h2", "h3"]


@given(
    st.integers(0, 8),
    st.sets(st.sampled_from(_HOSTS), min_size=1),
    st.dictionaries(_NAMES, st.sampled_from(_HOSTS)),
)
def test_a_plan_places_what_is_wanted_and_nothing_else(
    count: int, hosts: set[str], placed: dict[str, str]
) -> None:
    after = dict(placed)
    for item in plan_of("web", count, hosts, placed):
        if item["op"] == "remove":
            del after[item["instance"]]
        else:
            assert (item["op"] == "move") == (item["instance"] in placed)
            after[item["instance"]] = item["host"]
    assert set(after) == {f"web-{n}" for n in range(1, count + 1)}
    assert set(after.values()) <= hosts
    assert plan_of("web", count, hosts, after) == []


def test_50_services_stay_placed_while_hosts_come_and_go(
    site: Bulkhead, engine: FakeController
) -> None:
    assert hosts_up(site) == ["host-1", "host-2", "host-3"]
    assert reconcile(site, "web", 50, hosts_up(site)) == 49  # one was there
    away = loads(site)["host-2"]
    assert away > 10
    engine.disconnected = {"edge-2"}
    assert reconcile(site, "web", 50, hosts_up(site)) == away
    assert set(loads(site)) == {"host-1", "host-3"}
    assert max(loads(site).values()) - min(loads(site).values()) <= 1
    engine.disconnected = set()
    assert reconcile(site, "web", 50, hosts_up(site)) == 0
    assert sum(loads(site).values()) == 50
    assert len({item["ip"] for item in site.objects("instances")}) == 50 + 3
    revisions = engine.revision()
    assert reconcile(site, "web", 20, hosts_up(site)) == 30
    assert engine.revision() == revisions + 1


def loads(site: Bulkhead) -> Counter[str]:
    return Counter(item["host"] for item in site.objects("instances", "service=web"))


def test_the_example_is_short() -> None:
    text = Path(__file__).parents[2].joinpath("examples/scheduler.py").read_text()
    assert len(text.splitlines()) < 100
