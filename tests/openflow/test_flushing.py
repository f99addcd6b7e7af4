"""A bundle is done when its connections are forgotten too, and whoever cannot do that says so."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from controller.diff.cut import Cut
from controller.reconcile.events import BundleDone, BundleFailed, SendBundle
from controller.southbound.channel import SpeakerChannel
from controller.southbound.flush import CHUNK
from controller.southbound.openflow.conntrack import flush
from controller.southbound.openflow.messages import (
    HEADER,
    VERSION,
    BundleControl,
    Type,
    header,
)
from controller.southbound.switches import Switches
from tests.openflow.bridge import PATIENCE_S, SESSION, with_channel

_EXPERIMENTER = struct.Struct("!II")
_FLUSH, _FLUSH_ZONE = 32, 29
_UNKNOWN = (1, 4)
_NOT_PERMITTED = (1, 5)


@dataclass
class FakeSwitch:
    """Commits every bundle, and takes or refuses flushes; keeps what it was sent.

    ``refused`` are kinds of flush with the error they get; ``silent`` ends all answers to barriers,
    ``slow_commits`` those to commits.
    """

    refused: dict[int, tuple[int, int]] = field(default_factory=dict)
    silent: bool = False
    slow_commits: bool = False
    told: list[tuple[Type, bytes]] = field(default_factory=list)

    def __call__(self, message: bytes) -> list[bytes]:
        head, body = header(message), message[HEADER.size :]
        kind = Type(head.type)
        self.told.append((kind, body))
        match kind:
            case Type.BUNDLE_CONTROL:
                bundle, control, flags = struct.unpack("!IHH", body)
                if self.slow_commits and control == BundleControl.COMMIT_REQUEST:
                    return []
                return [said(kind, head.xid, struct.pack("!IHH", bundle, control + 1, flags))]
            case Type.BARRIER_REQUEST:
                return [] if self.silent else [said(Type.BARRIER_REPLY, head.xid)]
            case Type.EXPERIMENTER:
                error = self.refused.get(_EXPERIMENTER.unpack_from(body)[1])
                return [said(Type.ERROR, head.xid, struct.pack("!HH", *error))] if error else []
            case _:
                return []

    @property
    def flushes(self) -> list[bytes]:
        return [body for kind, body in self.told if kind is Type.EXPERIMENTER]

    @property
    def kinds(self) -> list[Type]:
        return [kind for kind, _ in self.told]


def said(kind: Type, xid: int, body: bytes = b"") -> bytes:
    return HEADER.pack(VERSION, kind, HEADER.size + len(body), xid) + body


def bodies(*wanted: Cut) -> list[bytes]:
    return [data[HEADER.size :] for cut in wanted for data in flush(cut, iter(range(9)))]


def outcome(
    folder: Path, switch: FakeSwitch, *effects: SendBundle, timeout_s: float = PATIENCE_S
) -> list[BundleDone | BundleFailed]:
    found: list[BundleDone | BundleFailed] = []

    async def use(channel: SpeakerChannel) -> None:
        switches = Switches(channel, lambda _: SESSION[0], timeout_s)
        for effect in effects:
            found.append(await switches.send_bundle(effect))

    asyncio.run(with_channel(folder, switch, use))
    return found


def bundle(*wanted: Cut) -> SendBundle:
    return SendBundle("s", SESSION[1], purge=(7,), cuts=wanted)


WANTED = (Cut(7, 1, 2, 6, 80), Cut(7, 1, 2, 1), Cut(8, 1, 2), Cut(9))


def test_flushes_follow_the_commit_and_are_fenced(tmp_path: Path) -> None:
    switch = FakeSwitch()
    assert outcome(tmp_path, switch, bundle(*WANTED)) == [BundleDone("s", SESSION[1])]
    assert switch.flushes == bodies(*WANTED)
    assert switch.kinds[-len(switch.flushes) - 2 :] == [
        Type.BUNDLE_CONTROL,
        *[Type.EXPERIMENTER] * len(switch.flushes),
        Type.BARRIER_REQUEST,
    ]


def test_many_flushes_are_fenced_in_chunks(tmp_path: Path) -> None:
    switch = FakeSwitch()
    wanted = [Cut(zone) for zone in range(2 * CHUNK + 1)]
    assert outcome(tmp_path, switch, bundle(*wanted)) == [BundleDone("s", SESSION[1])]
    assert switch.flushes == bodies(*wanted)
    after_commit = switch.kinds[-len(wanted) - 3 :]
    assert after_commit.count(Type.BARRIER_REQUEST) == 3
    assert after_commit[CHUNK] is Type.BARRIER_REQUEST


def test_cuts_alone_need_no_bundle(tmp_path: Path) -> None:
    switch = FakeSwitch()
    effect = SendBundle("s", SESSION[1], cuts=(Cut(9),))
    assert outcome(tmp_path, switch, effect) == [BundleDone("s", SESSION[1])]
    assert switch.kinds == [Type.EXPERIMENTER, Type.BARRIER_REQUEST]


def test_a_switch_that_knows_zones_only_flushes_those_and_it_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    switch = FakeSwitch({_FLUSH: _UNKNOWN})
    found = outcome(tmp_path, switch, bundle(*WANTED), bundle(Cut(5, 1, 2)))
    assert found == [BundleDone("s", SESSION[1])] * 2
    zones = bodies(Cut(7), Cut(8), Cut(9))
    assert switch.flushes == [*bodies(*WANTED), *zones, *bodies(Cut(5))]
    (record,) = caplog.records
    assert "only whole zones: bad request: unknown experimenter type (1, 4)" in record.message


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        ({_FLUSH: _UNKNOWN, _FLUSH_ZONE: _UNKNOWN}, "unknown experimenter type"),
        ({_FLUSH: _NOT_PERMITTED}, "not permitted"),
        ({_FLUSH_ZONE: _UNKNOWN}, "unknown experimenter type"),
    ],
)
def test_a_refused_flush_is_no_success(
    tmp_path: Path, refused: dict[int, tuple[int, int]], reason: str
) -> None:
    (found,) = outcome(tmp_path, FakeSwitch(refused), bundle(Cut(9), Cut(7, 1, 2)))
    assert isinstance(found, BundleFailed)
    assert not found.known
    assert found.reason.startswith("committed, but established connections were not flushed: ")
    assert reason in found.reason


def test_a_flush_without_an_answer_is_no_success(tmp_path: Path) -> None:
    effect = SendBundle("s", SESSION[1], cuts=(Cut(9),))
    (found,) = outcome(tmp_path, FakeSwitch(silent=True), effect, timeout_s=0.05)
    assert isinstance(found, BundleFailed)
    assert not found.known
    assert "not flushed: no answer within 0.05 s" in found.reason


def test_a_flush_does_not_wait_for_the_commits_answer(tmp_path: Path) -> None:
    switch = FakeSwitch(slow_commits=True)
    (found,) = outcome(tmp_path, switch, bundle(*WANTED), timeout_s=0.5)
    assert isinstance(found, BundleFailed)
    assert (found.known, found.reason) == (False, "no answer within 0.5 s")
    assert switch.flushes == bodies(*WANTED)
