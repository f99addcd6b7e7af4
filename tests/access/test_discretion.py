"""A tenant's operator reads no name of others' objects, whatever is wrong with its change."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from controller.northbound.discretion import Discretion
from tests.access.conftest import PEOPLE, Guarded
from tests.northbound.fakes import DOCUMENT, FakeController

OTHERS = ("ops", "bank", "prometheus", "vault", "prometheus-1", "vault-1", "scrape", "host-3")
SITE: dict[str, Any] = {
    **DOCUMENT,
    "segments": {
        "orders": {"vrf": "business", "subnet": "10.20.1.0/24"},
        "metrics": {"vrf": "monitoring", "subnet": "10.20.1.0/24"},  # as in the other VRF
    },
    "tenants": {**DOCUMENT["tenants"], "bank": {"segment": "orders"}},  # type: ignore[dict-item]
    "services": {**DOCUMENT["services"], "vault": {"tenant": "bank"}},  # type: ignore[dict-item]
    "instances": {
        "web-1": {"service": "web", "host": "host-1"},
        "api-1": {"service": "api", "host": "host-2", "ip": "10.20.1.40"},
        "prometheus-1": {
            "service": "prometheus",
            "host": "host-3",
            "ip": "10.20.1.77",
            "mac": "02:b0:00:00:09:09",
            "id": 77,
            "port": "tap-p",
        },
        "vault-1": {"service": "vault", "host": "host-3", "ip": "10.20.1.88"},
    },
}
WEB: dict[str, Any] = {"service": "web", "host": "host-1"}


class Case(NamedTuple):
    """A request that is refused, and what its answer says to an admin."""

    method: str
    path: str
    body: Any
    says: str


def put(name: str, body: Any, says: str) -> Case:
    return Case("PUT", f"/v1/{name}", body, says)


def change(op: str, collection: str, name: str, says: str) -> Case:
    body = {"changes": [{"op": op, "collection": collection, "name": name}]}
    return Case("POST", "/v1/apply", body, says)


def place(item: dict[str, Any], says: str) -> Case:
    return Case("POST", "/v1/placements", {"items": [item]}, says)


CASES = [
    put("services/web-b", {"tenant": "opss"}, "did you mean `ops`"),
    put("instances/web-2", {**WEB, "service": "vaultt"}, "did you mean `vault`"),
    put("instances/web-2", {**WEB, "host": "host-33"}, "did you mean `host-3`"),
    put("instances/web-2", {**WEB, "id": 77}, "id 77 is already that of instance `"),
    put("instances/web-2", {**WEB, "mac": "02:b0:00:00:09:09"}, "is already that of instance `"),
    put(
        "instances/web-2",
        {**WEB, "host": "host-3", "port": "tap-p"},
        "port `tap-p` on host `host-3` is already that of instance `prometheus-1`",
    ),
    put("instances/web-2", {**WEB, "ip": "10.20.1.88"}, "that of instance `vault-1` in VRF"),
    put("instances/web-2", {**WEB, "ip": "10.20.1.77"}, "rules[scrape]"),
    put("instances/prometheus-1", {**WEB, "host": "nowhere"}, "instances.prometheus-1.host"),
    put("services/prometheus", {"tenant": "nobody"}, "services.prometheus.tenant"),
    Case("DELETE", "/v1/instances/prometheus-2", None, "did you mean `prometheus-1`"),
    Case("DELETE", "/v1/services/vaul", None, "did you mean `vault`"),
    Case("DELETE", "/v1/rules/scrap", None, "did you mean `scrape`"),
    change("delete", "instances", "vault-2", "there is nothing to delete (did you mean `vault-1`"),
    change("delete", "tenants", "bank", "is still used by services.vault.tenant"),
    change("delete", "services", "prometheus", "is still used by instances.prometheus-1.service"),
    change("delete", "segments", "metrics", "is still used by tenants.ops.segment"),
    Case("POST", "/v1/apply", {"document": {}}, ""),
    Case("POST", "/v1/plan", {"document": {}}, ""),
    Case("POST", "/v1/tenants/opss/move", {"vrf": "monitoring"}, "did you mean `ops`"),
    Case("POST", "/v1/instances/vault-2/move", {"host": "host-1"}, "did you mean `vault-1`"),
    Case("POST", "/v1/instances/web-1/move", {"host": "host-33"}, "did you mean `host-3`"),
    place({"op": "place", "instance": "web-2", **WEB, "service": "vaul"}, "did you mean `vault`"),
    place({"op": "place", "instance": "web-2", **WEB, "id": 77}, "that of instance `"),
    place({"op": "move", "instance": "vault-2", "host": "host-1"}, "did you mean `vault-1`"),
    place({"op": "remove", "instance": "vault-2"}, "did you mean `vault-1`"),
    place({"op": "move", "tenant": "bnak", "vrf": "monitoring"}, "did you mean `bank`"),
]


def named(text: str) -> set[str]:
    """Which of the others' objects a text names."""
    return {name for name in OTHERS if re.search(rf"(?<![\w-]){name}(?![\w-])", text)}


@pytest.fixture
def site(tmp_path: Path) -> Guarded:
    return Guarded(tmp_path, engine=FakeController(SITE))


@pytest.mark.parametrize("dry", ["", "?dry_run=true"], ids=["", "dry"])
@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.method} {c.path} {c.says[:30]}")
def test_no_message_names_what_is_others(site: Guarded, case: Case, dry: str) -> None:
    path = case.path + dry * (case.path != "/v1/plan")
    response = site("tenant", case.method, path, json=case.body)
    assert response.status_code in (403, 404, 422), response.text
    assert named(response.text) == set()
    assert site.engine.revision() == 1
    if case.says:  # or the request would not show what it is meant to
        whole = site("admin", case.method, path, json=case.body)
        assert case.says in whole.text
        assert named(whole.text)


def test_items_of_a_placement_that_goes_on_name_nothing_either(site: Guarded) -> None:
    items = [
        {"op": "place", "instance": "web-2", **WEB},
        {"op": "move", "instance": "vault-2", "host": "host-1"},
        {"op": "place", "instance": "web-3", **WEB, "service": "vaul"},
    ]
    body = {"items": items, "atomic": False}
    shown = site("admin", "POST", "/v1/placements?dry_run=true", json=body)
    assert named(shown.text) >= {"vault", "vault-1"}
    response = site("tenant", "POST", "/v1/placements", json=body)
    assert response.status_code == 200
    assert [item["done"] for item in response.json()["items"]] == [True, False, False]
    assert named(response.text) == set()


def test_what_has_changed_meanwhile_is_told_of_ones_own(site: Guarded) -> None:
    site("admin", "PUT", "/v1/services/vault-b?message=for bank", json={"tenant": "bank"})
    site("admin", "PUT", "/v1/services/web-b?message=for shop", json={"tenant": "shop"})
    old = {"If-Match": '"1"'}
    response = site("tenant", "PUT", "/v1/instances/web-2", json=WEB, headers=old)
    assert response.status_code == 412
    changes = [item["changes"]["added"] for item in response.json()["meanwhile"]]
    assert changes == [["services/web-b"], []]
    assert not {"bank", "vault-b", "root"} & set(re.findall(r"[\w-]+", response.text))


def test_what_is_not_ones_own_to_change_is_counted(site: Guarded) -> None:
    text = site("tenant", "POST", "/v1/apply", json={"document": {}}).json()["detail"]
    assert "objects of others; nothing was changed" in text
    assert "tenants/shop" in text and "segments/orders" in text


def test_a_quote_in_what_a_client_wrote_shows_no_name(site: Guarded) -> None:
    discretion = Discretion(PEOPLE["tenant"], site.engine.network())
    text = "found `a`b; port `x` is already that of instance `vault-1`, as `web-1` and `vault`"
    assert named(discretion.text(text)) == set()
    assert "`web-1`" in discretion.text(text) and "port `x`" in discretion.text(text)


def test_names_of_ones_own_stay(site: Guarded) -> None:
    api = {"service": "apy", "host": "host-22", "id": 1}
    response = site("tenant", "PUT", "/v1/instances/web-2", json=api)
    assert "did you mean `api`" in response.text and "did you mean `host-2`" in response.text
    used = site("tenant", "DELETE", "/v1/services/api")
    assert "is still used by instances.api-1.service" in used.text
