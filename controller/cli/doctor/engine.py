"""The controller itself, if it runs."""

from __future__ import annotations

from collections.abc import Iterator

from controller.cli.client import Client
from controller.cli.doctor.checks import Check, fail, warn, well
from controller.cli.exits import Exit, Stop
from controller.client import Bulkhead
from controller.settings import Settings


def engine(_settings: Settings, client: Client) -> Iterator[Check]:
    """Whether it answers, whether switches hold its newest revision, and the last proof."""
    try:
        status = client.within(5.0).ask(Bulkhead.status)
    except Stop as stop:
        if stop.code is Exit.UNREACHABLE:
            mend = "start it: ryu-manager --config-file /etc/bulkhead.conf controller.app"
            yield warn("controller", str(stop).splitlines()[0], mend)
        else:
            yield fail("controller", str(stop), "show a token: BULKHEAD_TOKEN (docs/security.md)")
        return
    text = f"version {status['version']}, revision {status['revision']}"
    if status["ready"]:
        yield well("controller", f"{text}, {status['reason']}")
    else:
        yield fail("controller", f"{text}, {status['reason']}", "bulkhead events tells since when")
    proof = status["proof"]["whole"]
    if proof is None:
        yield warn("proof", "there was none of everything yet", "run: bulkhead verify")
    elif proof["holds"]:
        yield well("proof", f"all held at {proof['at']}")
    else:
        yield fail("proof", f"{proof['faults']} faults at {proof['at']}", "run: bulkhead verify")
