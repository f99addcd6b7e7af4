"""A running small site that tests share: two hosts, real packets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from labkit.controller import ControllerProcess
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from labkit.pairs import listen
from labkit.single import only_site
from labkit.site import Site

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Running:
    """The site and its controller."""

    site: Site
    controller: ControllerProcess


@pytest.fixture(scope="module")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small site without its narrow link, whose short queue drops what TCP sends at once."""
    file = tmp_path_factory.mktemp("site") / "small.yaml"
    text = (ROOT / "topologies/small.yaml").read_text()
    file.write_text(text.replace("rate: 50Mbit", "rate: 1000Mbit"))
    return file


@pytest.fixture(scope="module")
def running(topology: Path) -> Iterator[Running]:
    ledger = Ledger.create("test-lab")
    try:
        with only_site(wait_s=120), PrivateOvs(ledger, "netdev") as ovs:
            controller = ControllerProcess(
                ledger,
                topology=topology,
                policy=ROOT / "policies/small.yaml",
                ovsdb=ovs.database,
            )
            site = Site(ledger, ovs, topology)
            try:
                controller.start()
                site.start_switches(controller)
                site.plug_instances(controller, lambda _name: None)
                controller.wait_ready()
                listen(site, controller)
                yield Running(site, controller)
            finally:
                site.stop()
                controller.stop()
    finally:
        ledger.clean()
