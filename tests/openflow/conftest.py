"""An Open vSwitch that the tests of a module share, and a session with a new bridge of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from labkit.ovs import PrivateOvs, private_ovs
from tests.openflow.session import BRIDGE, Session


@pytest.fixture(scope="module")
def ovs() -> Iterator[PrivateOvs]:
    with private_ovs("test-openflow") as found:
        yield found


@pytest.fixture
def session(ovs: PrivateOvs) -> Session:
    ovs.vsctl("--if-exists", "del-br", BRIDGE)
    ovs.vsctl("add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=dummy",
              "protocols=OpenFlow14", "fail_mode=secure")  # fmt: skip
    return Session(ovs)
