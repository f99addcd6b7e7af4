"""Where things stand, read when Prometheus asks. Nothing has a label of which a site has thousands:
no instance, service, tenant or rule is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from controller.model.collections import COLLECTIONS
from controller.telemetry.sources import Site


class Standing(Collector):
    """Gauges of the engine as it is at that moment."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterator[Metric]:
        """Every gauge with its values."""
        yield _gauge("bulkhead_revision", "The newest stored revision", self._site.revision())
        ready, _ = self._site.ready()
        yield _gauge("bulkhead_ready", "1 if every switch holds the newest revision", ready)
        yield self._objects()
        yield from self._switches()
        yield from self._proofs()

    def _objects(self) -> Metric:
        intent = self._site.network().intent
        found = GaugeMetricFamily(
            "bulkhead_objects", "Objects of the intent, by collection", labels=["collection"]
        )
        for collection in COLLECTIONS:
            found.add_metric([collection], len(getattr(intent, collection)))
        return found

    def _switches(self) -> Iterator[Metric]:
        connected = _by_switch("connected", "1 if the switch has a session")
        in_sync = _by_switch("in_sync", "1 if the switch holds what it should")
        entries = _by_switch("entries", "Entries that the switch is known to hold")
        for switch in self._site.switches():
            connected.add_metric([switch.name], switch.connected)
            in_sync.add_metric([switch.name], switch.in_sync)
            entries.add_metric([switch.name], switch.entries)
        return iter((connected, in_sync, entries))

    def _proofs(self) -> Iterator[Metric]:
        ended = _by_proof("timestamp_seconds", "When the last proof ended, in Unix time")
        took = _by_proof("duration_seconds", "How long the last proof took")
        faults = _by_proof("faults", "How much the last proof found wrong")
        proofs = self._site.proofs()
        for of, proof in (("whole", proofs.whole), ("change", proofs.change)):
            if proof is not None:
                ended.add_metric([of], datetime.fromisoformat(proof.at).timestamp())
                took.add_metric([of], proof.took_ms / 1000)
                faults.add_metric([of], proof.faults)
        return iter((ended, took, faults))


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _by_switch(what: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"bulkhead_switch_{what}", text, labels=["switch"])


def _by_proof(what: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"bulkhead_proof_{what}", f"{text}, by what it was of", labels=["of"])
