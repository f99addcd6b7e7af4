"""The real speaker under the stock ryu-manager, with this process in the engine's place."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final

from controller.southbound.channel import SpeakerChannel
from labkit.controller import ROOT, free_port
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from labkit.processes import eventually

_PATIENCE_S: Final = 15.0


class SpeakerProcess:
    """A ryu-manager that only speaks; ``port`` is where switches connect to."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._run_dir = ledger.folder / "speaker"
        self.port = free_port()

    def __enter__(self) -> SpeakerProcess:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            "BULKHEAD_RUN_DIR": str(self._run_dir),
            "BULKHEAD_STATE": str(self._ledger.folder / "state.db"),
            "BULKHEAD_OPENFLOW_PORT": str(self.port),
        }
        with (self._ledger.folder / "speaker.log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(Path(sys.executable).with_name("ryu-manager")), "labkit.lone_speaker"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self._ledger.add_process(self._process.pid)
        eventually(self.socket.exists, "the speaker's socket", _PATIENCE_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def socket(self) -> Path:
        """Where it listens for an engine."""
        return self._run_dir / f"speaker-{self._process.pid}.sock"

    def log(self) -> str:
        """What it has logged."""
        return (self._ledger.folder / "speaker.log").read_text()

    def bridge(self, ovs: PrivateOvs, name: str, datapath_id: int) -> None:
        """Make a bridge with this as its controller from the beginning."""
        ovs.vsctl(*self._bridge(name, datapath_id))

    def bridges(self, ovs: PrivateOvs, names: dict[str, int]) -> None:
        """Make many, by their datapath ids, at once."""
        words: list[str] = []
        for name, datapath_id in names.items():
            words += ["--", *self._bridge(name, datapath_id)]
        ovs.vsctl(*words)

    def _bridge(self, name: str, datapath_id: int) -> list[str]:
        return [
            *("add-br", name, "--"),
            *("set", "bridge", name, "fail_mode=secure", "protocols=OpenFlow14"),
            *("datapath_type=dummy", f"other-config:datapath-id={datapath_id:016x}", "--"),
            *("set-controller", name, f"tcp:127.0.0.1:{self.port}"),
        ]


class Sessions:
    """Who is connected: the newest session of each datapath, to be waited for."""

    def __init__(self) -> None:
        self._live: dict[int, int] = {}
        self._changed = asyncio.Event()

    def switch_up(self, datapath_id: int, session: int) -> None:
        """A session has begun."""
        self._live[datapath_id] = session
        self._tell()

    def switch_down(self, datapath_id: int, session: int) -> None:
        """A session has ended."""
        if self._live.get(datapath_id) == session:
            del self._live[datapath_id]
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def of(self, datapath_id: int) -> int:
        """A datapath's session, once there is one. Raises TimeoutError."""
        async with asyncio.timeout(_PATIENCE_S):
            while datapath_id not in self._live:
                await self._changed.wait()
        return self._live[datapath_id]

    async def lost(self, datapath_id: int) -> None:
        """Wait until a datapath has no session. Raises TimeoutError."""
        async with asyncio.timeout(_PATIENCE_S):
            while datapath_id in self._live:
                await self._changed.wait()


async def connected(speaker: SpeakerProcess) -> tuple[SpeakerChannel, Sessions]:
    """A channel to the speaker, as the engine's, and who is told of sessions."""
    channel, sessions = SpeakerChannel(lambda: None), Sessions()
    await channel.connect(str(speaker.socket), sessions)
    return channel, sessions
