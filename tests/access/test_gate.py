"""Tokens, limits, tenants' borders, and what is written down of it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from controller.errors import Conflict, Invalid, NotFound
from controller.northbound.access.gate import Credentials, Gate, Limits, Need
from controller.northbound.access.limits import network_of
from controller.northbound.access.principals import ANYBODY, Principal, Role
from controller.northbound.access.refusals import TooMany, Unauthenticated
from controller.northbound.access.tokens import TokenFile
from tests.access.conftest import Guarded

WEB_2 = {"service": "web", "host": "host-2"}


def test_the_file_keeps_hashes_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "below" / "tokens.json"
    token = TokenFile(path).add(Principal("ci", Role.ADMIN))
    assert token.startswith("bulkhead_") and len(token) > 50
    assert token not in path.read_text() and token[-35:] not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert TokenFile(path).by_token(token) == Principal("ci", Role.ADMIN)
    assert TokenFile(path).by_token(token[:-1]) is None


def test_a_removed_token_is_refused_at_once(guarded: Guarded) -> None:
    assert guarded("admin", "GET", "/v1/status").status_code == 200
    guarded.file.remove("root")
    response = guarded("admin", "GET", "/v1/status")
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="bulkhead"'
    with pytest.raises(NotFound):
        guarded.file.remove("root")
    with pytest.raises(Conflict):
        guarded.file.add(Principal("eye", Role.ADMIN))


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[",
        '{"principals": [{"name": "a", "role": "god"}]}',
        '{"principals": [{"name": "a", "role": "viewer", "tenants": ["x"]}]}',
        '{"principals": [{"name": "a", "role": "viewer", "secret": "x"}]}',
        '{"principals": [3]}',
    ],
)
def test_a_damaged_file_lets_nobody_in(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(text)
    with pytest.raises(Invalid, match=r"tokens\.json"):
        TokenFile(path).by_token("x")


def test_the_author_of_a_change_is_who_holds_the_token(guarded: Guarded) -> None:
    headers = {"Bulkhead-Author": "somebody else"}
    response = guarded("tenant", "PUT", "/v1/instances/web-2", json=WEB_2, headers=headers)
    assert response.status_code == 201
    assert guarded.engine.history[-1][0].author == "shop-ci"


def test_a_tenants_operator_sees_what_is_the_tenants(guarded: Guarded) -> None:
    def names(collection: str) -> list[str]:
        return [item["name"] for item in guarded("tenant", "GET", f"/v1/{collection}").json()]

    assert names("tenants") == ["shop"]
    assert names("services") == ["api", "web"]
    assert names("instances") == ["api-1", "api-2", "web-1"]
    assert names("segments") == ["orders"]
    assert names("rules") == []  # both select by labels: they may be about anybody
    missing = guarded("tenant", "GET", "/v1/instances/prometheus-2")
    other = guarded("tenant", "GET", "/v1/instances/prometheus-1")
    assert missing.status_code == other.status_code == 404
    assert "did you mean" not in missing.text
    explained = guarded("tenant", "GET", "/v1/explain?from=prometheus-1&to=api-1")
    assert explained.status_code == 404


@pytest.mark.parametrize(
    "rule",
    [
        {"from": {}, "to": {"tenant": "shop"}, "allow": ["tcp/1"]},
        {"from": {"tenant": "shop"}, "to": {"tier": "api"}, "allow": ["tcp/1"]},
        {"from": {"tenant": "shop"}, "to": {"tenant": ["shop", "ops"]}, "allow": ["tcp/1"]},
        {"from": {"service": "prometheus"}, "to": {"tenant": "shop"}, "allow": ["tcp/1"]},
        {"from": {"tenant": "shop"}, "to": {"service": ["api", "prometheus"]}, "allow": ["tcp/1"]},
    ],
)
def test_a_tenants_operator_opens_nothing_across_its_border(guarded: Guarded, rule: object) -> None:
    response = guarded("tenant", "PUT", "/v1/rules/mine", json=rule)
    assert response.status_code == 403
    assert "rules/mine" in response.json()["detail"]
    assert guarded.engine.revision() == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/instances/prometheus-1", {"service": "web", "host": "host-1"}),
        ("PUT", "/v1/services/prometheus", {"tenant": "shop"}),
        ("PUT", "/v1/services/web", {"tenant": "ops"}),
        ("PUT", "/v1/instances/web-1", {"service": "prometheus", "host": "host-1"}),
        ("POST", "/v1/instances/prometheus-1/move", {"host": "host-1"}),
        (
            "POST",
            "/v1/placements",
            {
                "items": [
                    {"op": "move", "instance": "web-1", "host": "host-2"},
                    {"op": "remove", "instance": "prometheus-1"},
                ]
            },
        ),
        ("POST", "/v1/apply", {"document": {}}),
        ("POST", "/v1/plan", {"document": {}}),
    ],
)
def test_a_tenants_operator_changes_nothing_of_others(
    guarded: Guarded, method: str, path: str, body: object
) -> None:
    assert guarded("tenant", method, path, json=body).status_code == 403
    assert guarded.engine.revision() == 1


def test_a_key_is_its_owners(guarded: Guarded) -> None:
    headers = {"Idempotency-Key": "k"}
    path = "/v1/instances/web-2"
    assert guarded("tenant", "PUT", path, json=WEB_2, headers=headers).status_code == 201
    again = guarded("tenant", "PUT", path, json=WEB_2, headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert guarded("operator", "PUT", path, json=WEB_2, headers=headers).status_code == 422


def test_too_many_requests_are_told_when_to_come_again(tmp_path: Path) -> None:
    guarded = Guarded(tmp_path, Limits(per_s=2, burst=3))
    assert [guarded("viewer", "GET", "/v1/status").status_code for _ in range(4)] == [200] * 3 + [
        429
    ]
    refused = guarded("viewer", "GET", "/v1/status")
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["type"] == "urn:bulkhead:problem:too-many"
    assert guarded("admin", "GET", "/v1/status").status_code == 200  # each has its own
    guarded.now += 1.0
    assert [guarded("viewer", "GET", "/v1/status").status_code for _ in range(3)] == [200, 200, 429]


def test_who_shows_no_token_is_limited_by_address(tmp_path: Path) -> None:
    guarded = Guarded(tmp_path, Limits(per_s=2, burst=3))
    codes = [guarded("", "GET", "/v1/status").status_code for _ in range(5)]
    assert codes == [401] * 3 + [429] * 2
    assert guarded("viewer", "GET", "/v1/status").status_code == 200  # has a bucket of its own
    guarded.now += 1.0
    codes = [guarded("", "GET", "/v1/status").status_code for _ in range(3)]
    assert codes == [401, 401, 429]


def test_a_name_that_is_an_address_has_its_own_bucket(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "tokens.json")
    token = file.add(Principal("192.0.2.1", Role.ADMIN))
    gate = Gate(file, limits=Limits(per_s=1, burst=1), clock=lambda: 0.0)
    for refusal in (Unauthenticated, TooMany):
        with pytest.raises(refusal):
            gate.enter(Credentials(), "192.0.2.1", Need.SITE)
    assert gate.enter(Credentials(token), "192.0.2.1", Need.SITE).name == "192.0.2.1"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:0:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("unknown", "", False),
    ],
)
def test_the_addresses_of_an_ipv6_network_are_one_client(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


class Guessed:
    """A gate at a time, with two tokens; wrong ones come from one address."""

    HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        file = TokenFile(folder / "tokens.json")
        self.a, self.b = (file.add(Principal(name, Role.ADMIN)) for name in ("a", "b"))
        self._gate = Gate(file, clock=lambda: self.now)

    def enter(self, token: str, source: str = HERE) -> str:
        return self._gate.enter(Credentials(token), source, Need.SITE).name

    def guess(self, token: str) -> TooMany:
        """Wrong ones until it is too many: the refusal."""
        for number in range(10):
            with pytest.raises(Unauthenticated):
                self.enter(f"{token}{number}")
        with pytest.raises(TooMany) as caught:
            self.enter(f"{token}x")
        return caught.value


@pytest.fixture
def guessed(tmp_path: Path) -> Guessed:
    return Guessed(tmp_path)


def test_guessing_at_a_token_is_slowed_and_who_was_right_before_is_not(guessed: Guessed) -> None:
    assert guessed.enter(guessed.a) == "a"
    assert 0 < guessed.guess(guessed.a[:-5]).retry_after_s <= 1
    guessed.guess(guessed.b[:-5])
    with pytest.raises(TooMany):  # even the right one: it was not shown from there before
        guessed.enter(guessed.b)
    assert guessed.enter(guessed.a) == "a"
    assert guessed.enter(guessed.b, Guessed.ELSEWHERE) == "b"
    guessed.now += 1.0
    assert guessed.enter(guessed.b) == "b"


def test_what_others_at_an_address_get_wrong_slows_nobody(guessed: Guessed) -> None:
    guessed.guess("bulkhead_of-nobody-at-all")
    guessed.guess(guessed.a[:-5])
    assert guessed.enter(guessed.b) == "b"


def test_tokens_from_before_there_were_ids_are_known(guessed: Guessed, tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    principals = json.loads(path.read_text())["principals"]
    for item in principals:
        del item["id"]
    path.write_text(json.dumps({"principals": principals}))
    assert guessed.enter(guessed.a) == "a"
    guessed.guess("bulkhead_of-nobody-at-all")
    with pytest.raises(TooMany):  # whose token is meant is not known
        guessed.enter(guessed.b)


def test_without_tokens_whoever_reaches_the_address_is_an_admin() -> None:
    assert Gate().enter(Credentials(), "127.0.0.1", Need.WRITE) is ANYBODY


def test_a_certificate_is_somebody(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "tokens.json")
    person = Principal("grafana", Role.VIEWER)
    assert file.add(person, "grafana.example") == ""
    gate = Gate(file)
    shown = Credentials(certificate="grafana.example")
    assert gate.enter(shown, "192.0.2.1", Need.SITE) == person
    with pytest.raises(Unauthenticated):
        gate.enter(Credentials(certificate="other.example"), "192.0.2.1", Need.SITE)
