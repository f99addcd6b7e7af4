"""`bulkhead doctor`: what is well, what is not, and how to mend it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from controller.cli import main
from controller.cli.client import Client
from controller.cli.doctor.checks import Grade
from controller.cli.doctor.engine import engine as engine_checks
from controller.cli.doctor.machine import clock, mtu, ovs_version, versions
from controller.cli.doctor.settings import settings_of
from controller.cli.doctor.store import store
from controller.cli.doctor.switch import open_vswitch, remotes
from controller.settings import Settings
from controller.store.server import StoreServer
from labkit.controller import free_port
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from tests.northbound.fakes import FakeController
from tests.store.clusters import cluster
from tests.switch_tls.test_switch_tls import files

NOBODY = Client("http://127.0.0.1:9")


@pytest.fixture(scope="module")
def ovs() -> Iterator[PrivateOvs]:
    ledger = Ledger.create("test-doctor")
    try:
        with PrivateOvs(ledger, "dummy") as found:
            found.vsctl("add-br", "edge-1")
            yield found
    finally:
        ledger.clean()


def test_this_machine_has_what_is_tested() -> None:
    found = {check.name: check for check in versions(Settings(), NOBODY)}
    assert {name: check.grade for name, check in found.items()} == dict.fromkeys(
        ("python", "ryu", "eventlet", "openvswitch"), Grade.OK
    )
    assert found["ryu"].found == "4.34"


@pytest.mark.parametrize(
    ("printed", "grade"),
    [
        (None, Grade.FAIL),
        ("ovs-vswitchd (Open vSwitch) 2.17.9", Grade.WARN),
        ("ovs-vswitchd (Open vSwitch) 3.1.0\nDPDK none", Grade.OK),
        ("ovs-vswitchd (Open vSwitch) 4.0.1", Grade.OK),
        ("something else", Grade.WARN),
    ],
)
def test_versions_of_open_vswitch(printed: str | None, grade: Grade) -> None:
    check = ovs_version(printed)
    assert check.grade is grade
    assert bool(check.mend) == (grade is not Grade.OK)


def test_the_clock_and_the_ports_are_looked_at() -> None:
    (time,) = clock(Settings(), NOBODY)
    assert time.grade in (Grade.OK, Grade.WARN) and time.found.startswith("20")
    (ports,) = mtu(Settings(), NOBODY)
    assert ports.name == "mtu"


@pytest.mark.parametrize(
    ("script", "grade", "found"),
    [
        ("echo yes", Grade.OK, ", synchronised"),
        ("echo no", Grade.WARN, ", not synchronised"),
        ("echo 'Failed to connect to bus' >&2; exit 1", Grade.WARN, "cannot be told: Failed to"),
        (None, Grade.WARN, "cannot be told: timedatectl is not installed"),
    ],
)
def test_a_clock_that_cannot_be_looked_at_is_not_called_well(
    script: str | None, grade: Grade, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if script is not None:
        tool = tmp_path / "timedatectl"
        tool.write_text(f"#!/bin/sh\n{script}\n")
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (check,) = clock(Settings(), NOBODY)
    assert check.grade is grade
    assert found in check.found
    assert bool(check.mend) == (grade is not Grade.OK)


def test_a_remote_with_tls_is_shown_our_certificate(ovs: PrivateOvs, tmp_path: Path) -> None:
    authority, port = trustme.CA(), free_port()
    switch, own, stranger = (
        files(tmp_path, name, signer)
        for name, signer in (("switch", authority), ("own", authority), ("other", trustme.CA()))
    )
    ovs.vsctl("set-ssl", *switch, "--", "set-manager", f"pssl:{port}:127.0.0.1")
    settings = Settings(
        ovsdb=f"edge-1=ssl:127.0.0.1:{port}",
        switch_tls_key=own[0],
        switch_tls_cert=own[1],
        switch_tls_ca=own[2],
    )
    database, _ = open_vswitch(settings, NOBODY)
    assert (database.grade, database.found) == (Grade.OK, "bridges: edge-1")
    mistrusting = replace(settings, switch_tls_ca=stranger[2])
    database, _ = open_vswitch(mistrusting, NOBODY)
    assert database.grade is Grade.FAIL
    assert "switch_tls_ca" in database.mend


def test_each_server_of_a_cluster_is_asked(tmp_path: Path) -> None:
    with cluster(tmp_path) as members:
        settings = Settings(state=",".join(member.remote for member in members))
        found = list(store(settings, NOBODY))
        assert [check.name for check in found] == [f"store {m.remote}" for m in members]
        assert sorted(check.found for check in found) == ["follows a leader"] * 2 + ["leads"]
        away, one, other = members
        away.kill()
        one.wait_connected()
        assert [check.grade for check in store(settings, NOBODY)] == [
            Grade.WARN,
            Grade.OK,
            Grade.OK,
        ]
        one.kill()
        other.wait_disconnected()
        grades = {check.name: check for check in store(settings, NOBODY)}
        assert {check.grade for check in grades.values()} == {Grade.FAIL}
        assert "in touch with no leader" in grades[f"store {other.remote}"].found


def test_a_running_open_vswitch_is_found(ovs: PrivateOvs) -> None:
    settings = Settings(ovsdb=f"edge-1={ovs.database}", openflow_port=free_port())
    database, openflow = open_vswitch(settings, NOBODY)
    assert (database.grade, database.found) == (Grade.OK, "bridges: edge-1")
    assert (openflow.grade, openflow.found) == (Grade.WARN, "nobody listens")


def test_one_that_is_not_there_is_told_with_what_to_do() -> None:
    database, _ = open_vswitch(Settings(ovsdb="unix:/nowhere/db.sock"), NOBODY)
    assert database.grade is Grade.FAIL
    assert "openvswitch-switch" in database.mend


def test_each_remote_is_looked_at_once() -> None:
    assert remotes("a=unix:/x,b=unix:/x,c=tcp:192.0.2.1:6640") == ["unix:/x", "tcp:192.0.2.1:6640"]


def test_the_store_is_read_and_a_damaged_one_told(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    settings = Settings(state=str(file))
    assert next(store(settings, NOBODY)).found == f"{file} will be made"
    server = StoreServer(file, tmp_path / "run")
    server.start()
    server.stop()
    assert next(store(settings, NOBODY)).grade is Grade.OK
    file.write_text("not a database")
    damaged = next(store(settings, NOBODY))
    assert damaged.grade is Grade.FAIL and "restore a backup" in damaged.mend


def test_a_store_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    (check,) = store(Settings(state="/var/lib/bulkhead/state.db"), NOBODY)
    assert check.grade is Grade.FAIL and "not writable" in check.found


def test_the_controller_is_asked(server: str, engine: FakeController) -> None:
    standing, proof = engine_checks(Settings(), Client(server))
    assert (standing.grade, proof.grade) == (Grade.OK, Grade.WARN)
    engine.disconnected.add("edge-1")
    standing, _ = engine_checks(Settings(), Client(server))
    assert standing.grade is Grade.FAIL and "edge-1: not connected" in standing.found
    (absent,) = engine_checks(Settings(), NOBODY)
    assert absent.grade is Grade.WARN and "ryu-manager" in absent.mend


def test_wrong_settings_are_each_told(tmp_path: Path) -> None:
    file = tmp_path / "bulkhead.conf"
    file.write_text("[bulkhead]\nopenflow_port = x\nrest = 0.0.0.0:80\n")
    _, found = settings_of([str(file)])
    assert [check.grade for check in found] == [Grade.FAIL]
    assert "openflow_port" in found[0].found


def test_the_command_tells_all_and_ends_with_what_it_means(
    server: str,
    ovs: PrivateOvs,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BULKHEAD_OVSDB", ovs.database)
    monkeypatch.setenv("BULKHEAD_STATE", str(tmp_path / "state.db"))
    monkeypatch.setenv("BULKHEAD_DATAPATH_TYPE", "netdev")
    monkeypatch.setenv("BULKHEAD_OPENFLOW_PORT", str(free_port()))
    assert main(["--server", server, "doctor"]) == 0
    text = capsys.readouterr().out
    assert "ok   openvswitch: ovs-vswitchd (Open vSwitch)" in text
    assert "warn proof: " in text and "       run: bulkhead verify" in text
    monkeypatch.setenv("BULKHEAD_OVSDB", "unix:/nowhere/db.sock")
    assert main(["--server", server, "doctor", "--json"]) == 1
    grades = {item["check"]: item["grade"] for item in json.loads(capsys.readouterr().out)}
    assert grades["ovsdb unix:/nowhere/db.sock"] == "fail"
