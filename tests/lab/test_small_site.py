"""The lab's own check on the small site: real packets, a move under probes, queues, clean-up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labkit.controller import free_port
from labkit.single import only_site

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def lab() -> dict[str, Any]:
    with only_site(wait_s=120):
        pass  # whoever had it has ended
    done = subprocess.run(
        [
            *(sys.executable, str(ROOT / "mininet/lab.py"), "--check", "--json"),
            *("--topology", str(ROOT / "topologies/small.yaml")),
            *("--policy", str(ROOT / "policies/small.yaml")),
            *("--port", str(free_port())),
        ],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "name", ["switches", "pairs", "move", "pairs_after_move", "queues", "cookies"]
)
def test_it_held(lab: dict[str, Any], name: str) -> None:
    assert lab[name]["held"], lab[name]["text"]


def test_a_second_site_is_refused() -> None:
    with only_site(wait_s=120), pytest.raises(RuntimeError, match="another lab"), only_site():
        pass


def test_nothing_is_left(lab: dict[str, Any]) -> None:
    assert lab
    assert not list(Path("/run/bulkhead").glob("lab-*"))
    assert not Path("/run/netns/web-1").exists()
    assert not Path("/sys/class/net/edge-1.ens208").exists()
    assert not Path("/sys/class/net/edge-1").exists()
