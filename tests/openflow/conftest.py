"""An Open vSwitch that the tests of a module share, and a session with a new bridge of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from tests.openflow.session import BRIDGE, Session


@pytest.fixture(scope="module")
def ovs() -> Iterator[PrivateOvs]:
    ledger = Ledger.create("test-openflow")
    try:
        with PrivateOvs(ledger) as found:
            yield found
    finally:
        ledger.clean()


@pytest.fixture
def session(ovs: PrivateOvs) -> Session:
    ovs.vsctl("--if-exists", "del-br", BRIDGE)
    ovs.vsctl("add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=dummy",
              "protocols=OpenFlow14", "fail_mode=secure")  # fmt: skip
    return Session(ovs)
