"""What is written down of writes and refusals, whatever carries them."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

import pytest

from controller.errors import BulkheadError, RemoteError, UnknownOutcome
from controller.northbound.access import audit
from controller.northbound.access.audit import IN_FULL, INTERVAL_S, AuditLog, Deed, Outcome
from controller.northbound.access.gate import Limits
from controller.northbound.ports import Write, Written
from tests.access.conftest import Guarded

WEB_2 = {"service": "web", "host": "host-2"}


def test_writes_and_refusals_are_written_down_and_no_secret_is(guarded: Guarded) -> None:
    guarded("admin", "GET", "/v1/status")
    guarded("tenant", "PUT", "/v1/instances/web-2?message=more", json=WEB_2)
    guarded("viewer", "PUT", "/v1/instances/web-3", json=WEB_2)
    guarded("tenant", "GET", "/v1/topology")
    guarded("tenant", "PUT", "/v1/instances/prometheus-1", json=WEB_2)
    guarded("admin", "PUT", "/v1/instances/web-4", json={"service": "nobody", "host": "x"})
    guarded("", "GET", "/v1/status")
    guarded("bulkhead_wrong", "GET", "/v1/status")
    lines = guarded.audited()
    told = [(i["who"], i["role"], i["what"], i["outcome"], i["revision"]) for i in lines]
    assert told == [
        ("shop-ci", "operator", "PUT /v1/instances/web-2", "done", 2),
        ("eye", "viewer", "PUT /v1/instances/web-3", "refused", 0),
        ("shop-ci", "operator", "GET /v1/topology", "refused", 0),
        ("shop-ci", "operator", "PUT /v1/instances/prometheus-1", "refused", 0),
        ("root", "admin", "PUT /v1/instances/web-4", "refused", 0),
        ("", "", "GET /v1/status", "refused", 0),
        ("", "", "GET /v1/status", "refused", 0),
    ]
    assert {line["source"] for line in lines} == {"127.0.0.1"}
    assert "eye (viewer) may look and not change" in lines[1]["detail"]
    text = guarded.audit_file.read_text()
    assert not any(secret in text for secret in (*guarded.tokens.values(), "bulkhead_wrong"))
    assert stat.S_IMODE(guarded.audit_file.stat().st_mode) == 0o600


def test_a_refused_write_says_what_was_wrong(guarded: Guarded) -> None:
    guarded("admin", "PUT", "/v1/instances/web-4", json={"service": "nobody", "host": "x"})
    [line] = guarded.audited()
    assert "2 problems" in line["detail"]
    assert "instances.web-4.service: there is no service `nobody`" in line["detail"]
    assert "instances.web-4.host: the topology has no host `x`" in line["detail"]


def test_who_asks_too_much_is_told_by_name(tmp_path: Path) -> None:
    guarded = Guarded(tmp_path, Limits(per_s=1, burst=1))
    for _ in range(2):
        guarded("viewer", "GET", "/v1/status")
    [line] = guarded.audited()
    assert (line["who"], line["what"], line["outcome"]) == ("eye", "GET /v1/status", "refused")


def test_a_dry_run_is_told_from_a_write(guarded: Guarded) -> None:
    path = "/v1/instances/web-2"
    guarded("tenant", "PUT", f"{path}?dry_run=yes&message=x", json=WEB_2)
    guarded("tenant", "PUT", f"{path}?dry%5Frun=1", json=WEB_2)
    guarded("tenant", "PUT", f"{path}?dry_run=false", json=WEB_2)
    guarded("tenant", "POST", "/v1/plan", json={"document": {}})  # reads, and is refused
    told = [(line["what"], line["outcome"], line["revision"]) for line in guarded.audited()]
    assert told == [
        (f"PUT {path}?dry_run=true", "planned", 0),
        (f"PUT {path}?dry_run=true", "planned", 0),
        (f"PUT {path}", "done", 2),
        ("POST /v1/plan", "refused", 0),
    ]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (UnknownOutcome("the store has not answered"), "unknown"),
        (RemoteError("the store is full"), "failed"),
        (KeyError("a fault"), "failed"),
    ],
)
def test_what_is_not_the_clients_mistake_is_no_refusal(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch, error: Exception, outcome: str
) -> None:
    async def submit(_write: Write, **_options: Any) -> Written:
        raise error

    monkeypatch.setattr(guarded.engine, "submit", submit)
    guarded("admin", "PUT", "/v1/instances/web-2", json=WEB_2)
    [line] = guarded.audited()
    assert line["outcome"] == outcome
    assert not isinstance(error, BulkheadError) or str(error) in line["detail"]


def test_who_is_refused_again_and_again_does_not_fill_the_disk(guarded: Guarded) -> None:
    for number in range(IN_FULL + 300):
        guarded("", "GET", f"/v1/instances/web-{number}")
    assert len(guarded.audited()) == IN_FULL
    guarded("admin", "PUT", "/v1/instances/web-2", json=WEB_2)
    assert guarded.audited()[-1]["outcome"] == "done"  # a write is always told
    guarded.now += INTERVAL_S
    guarded("", "GET", "/v1/status")
    *_, done, summary, new = guarded.audited()
    assert done["outcome"] == "done"
    assert summary["detail"].startswith("and 300 more in 60 s; the last: a token is needed")
    assert summary["what"] == f"GET /v1/instances/web-{IN_FULL + 299}"
    assert (new["what"], new["detail"][:5]) == ("GET /v1/status", "a tok")


def test_what_was_only_counted_is_told_though_nobody_asks_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "INTERVAL_S", 0.05)
    log = AuditLog(tmp_path / "audit.jsonl")
    refused = Deed("", "", "192.0.2.1", "GET /", Outcome.REFUSED)

    async def trial() -> None:
        for _ in range(IN_FULL + 2):
            log.record(refused)
        async with asyncio.timeout(30):
            while "more in" not in (tmp_path / "audit.jsonl").read_text():
                await asyncio.sleep(0.01)

    asyncio.run(trial())
    assert len((tmp_path / "audit.jsonl").read_text().splitlines()) == IN_FULL + 1


def test_what_was_only_counted_is_told_at_the_end(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl", passed=lambda: 0.0)
    for source in ("192.0.2.1", "192.0.2.2"):
        for _ in range(IN_FULL + 2):
            log.record(Deed("", "", source, "GET /", Outcome.REFUSED))
    log.close()
    lines = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert len(lines) == 2 * (IN_FULL + 1)
    assert all("and 2 more" in line for line in lines[-2:])


def test_a_line_is_short_and_hides_a_token_that_stands_where_a_name_should(
    guarded: Guarded,
) -> None:
    token = guarded.tokens["admin"]
    guarded("viewer", "DELETE", f"/v1/instances/{token}")
    guarded("viewer", "DELETE", f"/v1/instances/{'x' * 9000}")
    one, other = guarded.audited()
    assert one["what"] == "DELETE /v1/instances/bulkhead_..."
    assert len(other["what"]) < 600


def test_the_log_goes_on_in_a_new_file_when_it_was_rotated(guarded: Guarded) -> None:
    guarded("", "GET", "/v1/status")
    guarded.audit_file.rename(guarded.audit_file.with_suffix(".1"))
    guarded("", "GET", "/v1/status")
    assert len(guarded.audited()) == 1


def test_a_log_that_cannot_be_written_stops_no_write(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    guarded = Guarded(tmp_path)
    guarded.audit_file.mkdir()
    assert guarded("tenant", "PUT", "/v1/instances/web-2", json=WEB_2).status_code == 201
    assert "audit log" in caplog.text and "PUT /v1/instances/web-2" in caplog.text
