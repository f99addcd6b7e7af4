"""What the engine has imported before it knows its site: nothing that only some sites need."""

from __future__ import annotations

import json
import subprocess
import sys

NOT_YET = {
    "google",  # protobuf, like grpc: once gRPC is served, and never with `grpc = off`
    "grpc",
    "pyroute2",  # once a device has queues
}
NEVER = {
    "eventlet",  # the speaker's
    "ryu",
}
_LIST = "import json, sys, controller.engine; print(json.dumps(sorted(sys.modules)))"


def test_the_engine_starts_without_what_it_may_not_need() -> None:
    # As controller.app starts it: python-ovs would import eventlet where it can.
    code = f"import sys; sys.modules['eventlet'] = None; {_LIST}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    libraries = {name.partition(".")[0] for name in json.loads(done.stdout) if name != "eventlet"}
    assert libraries & (NOT_YET | NEVER) == set()
