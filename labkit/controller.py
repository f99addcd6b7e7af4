"""The controller as a user runs it: the stock ryu-manager with a config file."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import httpx

from labkit.ledger import Ledger
from labkit.processes import CONTROLLER, put_ahead

ROOT = Path(__file__).parent.parent


class ControllerProcess:
    """``ryu-manager controller.app`` on ports of its own, with its state under the run's folder.

    ``app`` is another Ryu application in its place.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        rest_port: int | None = None,
        app: str = "controller.app",
        **settings: object,
    ) -> None:
        self._ledger = ledger
        self._app = app
        self._folder = ledger.folder
        self.rest_port = rest_port or free_port()
        self.grpc_port = free_port()
        self.settings: dict[str, object] = {
            "rest": f"127.0.0.1:{self.rest_port}",
            "grpc": f"127.0.0.1:{self.grpc_port}",
            "openflow_port": free_port(),
            "state": self._folder / "state.db",
            "run_dir": self._folder / "controller",
            "datapath_type": "netdev",
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self.rest_port}"
        self.client = httpx.Client(base_url=self.url, timeout=30)

    @property
    def log_file(self) -> Path:
        """Where speaker and engine log."""
        return self._folder / "controller.log"

    def start(self) -> None:
        """Start; returns at once."""
        config = self._folder / "bulkhead.conf"
        lines = "".join(f"{name} = {value}\n" for name, value in self.settings.items())
        config.write_text(f"[DEFAULT]\n\n[bulkhead]\n{lines}")
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    str(Path(sys.executable).with_name("ryu-manager")),
                    *("--config-file", str(config), self._app),
                ],
                cwd=ROOT,
                env={**os.environ, **self._path(), "PYTHONWARNINGS": "ignore"},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        put_ahead(self.process.pid, CONTROLLER)
        self._ledger.add_process(self.process.pid)

    def _path(self) -> Mapping[str, str]:
        """Where another application is found than the installed one: ryu-manager has no cwd."""
        return {} if self._app == "controller.app" else {"PYTHONPATH": str(ROOT)}

    def wait_ready(self, timeout_s: float = 30.0) -> None:
        """Wait until every switch holds the newest revision. Raises RuntimeError with the log."""
        deadline = time.monotonic() + timeout_s
        reason = "it has not answered yet"
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                reason = f"it ended with status {self.process.returncode}"
                break
            try:
                answer = self.client.get("/readyz", timeout=2)
                if answer.status_code == httpx.codes.OK:
                    return
                reason = answer.json().get("reason", answer.text)
            except httpx.HTTPError:
                pass
            time.sleep(0.01)
        tail = self.log_file.read_text()[-2000:]
        raise RuntimeError(f"the controller is not ready: {reason}\n{tail}")

    def wait_bound(self, ports: Collection[tuple[str, str]], timeout_s: float = 30.0) -> None:
        """Wait until it knows these ports, by switch and interface id: it may be ready before.

        Raises RuntimeError with those that it does not know.
        """
        deadline = time.monotonic() + timeout_s
        missing = set(ports)
        while missing and time.monotonic() < deadline:
            time.sleep(0.01)
            for event in self.get("/v1/events", follow=False):
                if event["kind"] == "bound":
                    data = event["data"]
                    missing -= {(data["switch"], port) for port in data["ports"]}
        if missing:
            raise RuntimeError(f"the controller does not know these ports: {sorted(missing)}")

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of a GET. Raises on an error."""
        return _checked(self.client.get(path, params=query))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON of a POST. Raises on an error."""
        return _checked(self.client.post(path, json=body))

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON of a PUT. Raises on an error."""
        return _checked(self.client.put(path, json=body))

    def delete(self, path: str) -> Any:
        """The JSON of a DELETE. Raises on an error."""
        return _checked(self.client.delete(path))

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal; its exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(number)
        status = self.process.wait(20)
        self.process = None
        return status


def _checked(answer: httpx.Response) -> Any:
    if answer.is_error:
        raise RuntimeError(f"{answer.request.method} {answer.request.url}: {answer.text}")
    return answer.json()


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
