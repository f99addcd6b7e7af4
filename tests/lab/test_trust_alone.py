"""A host on its own: who loses what allowed it is cut, in the fewest turns of its switch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from labkit.controller import ControllerProcess
from labkit.ledger import Ledger
from labkit.load import Way
from labkit.ovs import PrivateOvs
from labkit.single import only_site
from labkit.site import Site
from labkit.withdrawal import PORT, PermissionByLabel, withdraw
from tests.lab.conftest import Running

TOPOLOGY = {"switches": {"edge-1": {"number": 1, "host": "host-1"}}}
POLICY = {
    "vrfs": {"business": {"id": 100}},
    "segments": {"orders": {"vrf": "business", "vlan": "auto"}},
    "tenants": {"shop": {"segment": "orders"}},
    "services": {"web": {"tenant": "shop"}, "order-api": {"tenant": "shop"}},
    "instances": {
        "web-1": {"service": "web", "host": "host-1"},
        "order-api-1": {"service": "order-api", "host": "host-1"},
    },
}
WAY = Way("web-1", "order-api-1", PORT)
TIMES = 2


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("alone")
    topology, policy = folder / "topology.yaml", folder / "policy.yaml"
    topology.write_text(yaml.safe_dump(TOPOLOGY))
    policy.write_text(yaml.safe_dump(POLICY))
    ledger = Ledger.create("test-alone")
    try:
        with only_site(wait_s=120), PrivateOvs(ledger, "netdev") as ovs:
            controller = ControllerProcess(
                ledger, topology=topology, policy=policy, ovsdb=ovs.database
            )
            site = Site(ledger, ovs, topology)
            try:
                controller.start()
                site.start_switches(controller)
                site.plug_instances(controller, lambda _name: None)
                controller.wait_ready()
                yield Running(site, controller)
            finally:
                site.stop()
                controller.stop()
    finally:
        ledger.clean()


def test_nothing_arrives_after_the_answer_and_nothing_is_known(alone: Running) -> None:
    for _ in range(TIMES):
        found = withdraw(alone.site, alone.controller, WAY, PermissionByLabel)
        assert min(found.arrived.values()) > 300, found.arrived
        assert not found.late, found.text()
        assert found.sound
        assert not found.tracked, found.tracked
