"""No token is in what ryu-manager logs, the speaker's lines and the engine's: whole processes."""

from __future__ import annotations

from pathlib import Path

import httpx

from controller.northbound.access.principals import Principal, Role
from controller.northbound.access.tokens import TokenFile
from tests.speaker.conftest import eventually, free_port, running

WRONG = f"bulkhead_{'w' * 43}"


def test_no_token_is_in_the_log_of_either_process(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    right = TokenFile(file).add(Principal("ci", Role.ADMIN))
    rest = f"127.0.0.1:{free_port()}"
    settings = {"rest": rest, "tokens_file": str(file), "log_level": "debug"}
    with running(tmp_path / "run", "controller.app", **settings) as controller:

        def asked(method: str, path: str, token: str) -> int:
            try:
                shown = {"Authorization": f"Bearer {token}"}
                with httpx.Client(base_url=f"http://{rest}", trust_env=False) as client:
                    return client.request(method, path, headers=shown, content="[").status_code
            except httpx.TransportError:
                return 0

        eventually(lambda: asked("GET", "/v1/status", right) == 200, "an answer")
        assert asked("PUT", "/v1/vrfs/business", right) == 400
        assert asked("GET", "/v1/status", WRONG) == 401
        log = controller.log
    written = (tmp_path / "run" / "audit.jsonl").read_text()
    assert "REST on" in log and "PUT /v1/vrfs/business" in written
    for token in (right, WRONG):
        assert token[20:] not in log and token[20:] not in written
