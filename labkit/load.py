"""Probes and TCP connections between instances while something else happens."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from labkit.jobs import RATE_BPS, RATE_HZ
from labkit.site import Site

SETTLE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Way:
    """From an instance to another, on a port."""

    source: str
    target: str
    port: int

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}:{self.port}"


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of it: the reports of :class:`jobs.Stream` and of :class:`jobs.Transfer`."""

    streams: Mapping[Way, Mapping[str, Any]]
    transfers: Mapping[Way, Mapping[str, Any]]

    @property
    def sent(self) -> int:
        """Probes sent."""
        return sum(report["sent"] for report in self.streams.values())

    @property
    def lost(self) -> int:
        """Probes that were not answered."""
        return sum(report["lost"] for report in self.streams.values())

    @property
    def longest_ms(self) -> float:
        """The longest time between two probes of a stream that were answered."""
        return max((float(report["longest_ms"]) for report in self.streams.values()), default=0.0)

    @property
    def alive(self) -> bool:
        """Whether every connection confirmed every byte."""
        return all(report["alive"] for report in self.transfers.values())

    @property
    def transferred_bytes(self) -> int:
        """What went over the connections."""
        return sum(report["sent_bytes"] for report in self.transfers.values())

    @property
    def retransmitted(self) -> int:
        """TCP segments that were sent again."""
        return sum(report.get("retransmitted", 0) for report in self.transfers.values())

    @property
    def sound(self) -> bool:
        """Nothing lost, nothing cut."""
        return self.sent > 0 and self.lost == 0 and self.alive

    def losses(self, since_s: float) -> list[str]:
        """Where and when probes were lost, in milliseconds after a moment."""
        return [
            f"{way}: {report['lost']} of {report['sent']} lost,"
            f" sent {first(report, since_s):.0f} to {last(report, since_s):.0f} ms after the call"
            for way, report in self.streams.items()
            if report["lost"]
        ] + [
            f"{way}: connection {report}"
            for way, report in self.transfers.items()
            if not report["alive"]
        ]


def first(report: Mapping[str, Any], since_s: float) -> float:
    """When the first lost probe was sent, in ms after a moment."""
    return float(report["lost_at"][0] - since_s) * 1000


def last(report: Mapping[str, Any], since_s: float) -> float:
    """When the last lost probe was sent, in ms after a moment."""
    return float(report["lost_at"][-1] - since_s) * 1000


class Load:
    """Streams and transfers, begun and finished together."""

    def __init__(
        self,
        site: Site,
        addresses: Mapping[str, str],
        streams: Sequence[Way],
        transfers: Sequence[Way] = (),
        rate_hz: float = RATE_HZ,
        rate_bps: float = RATE_BPS,
    ) -> None:
        self._site = site
        self._jobs = [("stream", way, {"rate_hz": rate_hz}) for way in streams]
        self._jobs += [("transfer", way, {"rate_bps": rate_bps}) for way in transfers]
        self._addresses = addresses
        self._rate_hz = rate_hz

    def begin(self) -> None:
        """Start, and let it run for a moment so that it is under way."""
        for job, way, more in self._jobs:
            target = {"address": self._addresses[way.target], "port": way.port}
            self._site.agents[way.source].ask(
                "begin", job=job, key=self._key(job, way), **target, **more
            )
        time.sleep(SETTLE_S)

    def finish(self) -> LoadReport:
        """Let it run for another moment, then stop: what became of it."""
        time.sleep(SETTLE_S)
        found: dict[str, dict[Way, Any]] = {"stream": {}, "transfer": {}}
        sources = {way.source for _, way, _ in self._jobs}
        with ThreadPoolExecutor(max_workers=len(sources)) as asking:
            # Each waits for its last answers: together, not one after the other.
            for reports in asking.map(self._finish, sources):
                for job, way, report in reports:
                    found[job][way] = report
        return LoadReport(found["stream"], found["transfer"])

    def _finish(self, source: str) -> list[tuple[str, Way, Any]]:
        """Stop what one instance sends, one thing after the other, as its agent answers."""
        agent = self._site.agents[source]
        return [
            (job, way, agent.ask("finish", key=self._key(job, way)))
            for job, way, _ in self._jobs
            if way.source == source
        ]

    def abandon(self) -> None:
        """Stop, after an error that matters more than what became of it."""
        for job, way, _ in self._jobs:
            with suppress(RuntimeError):
                self._site.agents[way.source].ask("finish", key=self._key(job, way))

    def _key(self, job: str, way: Way) -> str:
        """Its name at the agent, which may have one of another load on the same way."""
        return f"{job} {way} {self._rate_hz}"
