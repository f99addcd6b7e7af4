"""What a controller that starts is busy with, from its own ``/readyz``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

import httpx

from labkit.controller import ControllerProcess

_POLL_S: Final = 0.02
_ASK_S: Final = 5.0

STAGES: Final = ("start", "ports", "sessions", "read-back", "ready")


def until_ready(controller: ControllerProcess, timeout_s: float = 60.0) -> Mapping[str, float]:
    """How many seconds each stage takes from now on, in order. Raises RuntimeError after the time.

    *start*: nobody answers yet; *ports*: the switches' OVSDB is not known; *sessions*: a switch has
    not connected; *read-back*: a switch has not shown that it holds the program.
    """
    spent = dict.fromkeys(STAGES, 0.0)
    before = time.monotonic()
    deadline = before + timeout_s
    while before < deadline:
        stage = _stage(controller)
        if stage == "ready":
            spent.pop(stage)
            return spent
        time.sleep(_POLL_S)
        now = time.monotonic()
        spent[stage] += now - before
        before = now
    controller.wait_ready(timeout_s=0.0)
    return spent


def _stage(controller: ControllerProcess) -> str:
    try:
        answer = controller.client.get("/readyz", timeout=_ASK_S)
    except httpx.HTTPError:
        return "start"
    if answer.status_code == httpx.codes.OK:
        return "ready"
    reason = str(answer.json().get("reason", ""))
    if "not connected" in reason:
        return "sessions"
    return "ports" if "OVSDB" in reason else "read-back"


def text_of(spent: Mapping[str, float]) -> str:
    """``start 1.2, ports 0.0, sessions 0.2, read-back 0.1 s``."""
    return ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in spent.items()) + " s"
