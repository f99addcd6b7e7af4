"""An entry of as many ids as there may be, and what becomes of one that no message holds."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.dataplane.idset import MOST_IDS, id_set
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program, row_of
from controller.dataplane.shapes import Entry, Row, varies
from controller.reconcile.events import (
    BundleDone,
    BundleFailed,
    ReadBack,
    ReadBackFailed,
    SendBundle,
)
from controller.southbound.channel import SpeakerChannel
from controller.southbound.openflow.encode import ADD
from controller.southbound.openflow.members import encode_rows
from controller.southbound.openflow.reading import StatsReader
from controller.southbound.switches import Switches
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from tests.openflow.bridge import PATIENCE_S, SESSION, with_channel
from tests.openflow.session import BRIDGE, Session
from tests.openflow.test_flushing import FakeSwitch, outcome

CLAUSES = sorted(name for name, shape in SHAPES.items() if varies(shape))


def largest(shape: str, more: int = 0) -> Row:
    """A row of the most ids, each of 32 bits, that matches as much as its shape can."""
    draw = random.Random(7)
    ids = {(1 << 31) + draw.getrandbits(31) for _ in range(2 * (MOST_IDS + more))}
    shares = id_set(sorted(ids)[: MOST_IDS + more])
    place = {key: 80 if key == "port" else 0xFFF0 if key == "port_mask" else 9
             for key in SHAPES[shape].match_columns}  # fmt: skip
    return SHAPES[shape].row(1, **place, shares=shares)


@pytest.fixture(scope="module")
def ovs() -> Iterator[PrivateOvs]:
    ledger = Ledger.create("test-largest")
    try:
        with PrivateOvs(ledger) as found:
            found.vsctl("add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=dummy",
                        "protocols=OpenFlow14", "fail_mode=secure")  # fmt: skip
            yield found
    finally:
        ledger.clean()


def test_a_switch_takes_entries_of_the_most_ids_and_tells_them_back(ovs: PrivateOvs) -> None:
    session = Session(ovs)
    sent = [largest(shape) for shape in CLAUSES]
    session.commit(list(encode_rows(sent, ADD, itertools.count(1000))))
    assert {row_of(entry) for entry in session.held() if isinstance(entry, Entry)} == set(sent)
    reader = StatsReader()
    assert {found for part in session.replies() for found in reader.read(part)} == set(sent)


@pytest.mark.parametrize("shape", CLAUSES)
def test_what_no_message_holds_is_refused_by_name(tmp_path: Path, shape: str) -> None:
    switch = FakeSwitch()
    too_large = largest(shape, more=16)
    bundles = [SendBundle("s", SESSION[1], add=(row,)) for row in (too_large, largest(shape))]
    failed, done = outcome(tmp_path, switch, *bundles)
    assert isinstance(failed, BundleFailed)
    assert failed.known
    assert failed.reason.startswith(f"no message holds entry {shape}, cookie 0x1: ")
    assert done == BundleDone("s", SESSION[1])


def unknown_row() -> Row:
    """A row that no part of the encoder foresees."""
    return largest("permit.at_tcp")._replace(shape="no.such_shape")


def test_an_error_that_nobody_foresaw_is_an_outcome_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    effect = SendBundle("s", SESSION[1], add=(unknown_row(),))
    with caplog.at_level(logging.ERROR):
        (failed,) = outcome(tmp_path, FakeSwitch(), effect)
    assert isinstance(failed, BundleFailed)
    assert not failed.known
    assert failed.reason == ("a bundle was not carried out: KeyError('no.such_shape'); see the log")
    (record,) = [found for found in caplog.records if found.exc_info]
    assert record.message == "s: a bundle was not carried out"


def test_so_is_one_while_reading_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = []

    async def use(channel: SpeakerChannel) -> None:
        switches = Switches(channel, {}.__getitem__, PATIENCE_S)
        asked = ReadBack("s", SESSION[1], 1, frozenset(), Program())
        found.append(await switches.read_back(asked))

    with caplog.at_level(logging.ERROR):
        asyncio.run(with_channel(tmp_path, FakeSwitch(), use))
    reason = "read-back: an answer was not read: KeyError('s'); see the log"
    assert found == [ReadBackFailed("s", SESSION[1], reason)]
    assert [record.message for record in caplog.records if record.exc_info] == [
        "s: an answer was not read"
    ]
