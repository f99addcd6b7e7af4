"""The engine: composition root of everything but the speaker.

``main``, with ``--speaker SOCKET``, is started by :mod:`controller.app`; it ends, in order, when
the speaker says so or is gone, and on SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final, NoReturn

from controller.control import Control
from controller.errors import BulkheadError, Invalid
from controller.handed_up import HandedUp
from controller.heap import Heap
from controller.history import StoredHistory
from controller.host.queues import QueueKeeper
from controller.loads import LinkLoads
from controller.model.decode import decode_intent
from controller.model.decode_topology import decode_topology
from controller.model.intent import Intent
from controller.model.network import Network, Topology
from controller.needs import Revision
from controller.northbound.access.exposure import gate_of, tls_of
from controller.northbound.documents import load_yaml
from controller.northbound.origins import origins_of
from controller.northbound.planning import objects_changed
from controller.northbound.ports import Controller, Draft, Note
from controller.northbound.server import RestServer
from controller.northbound.use_cases import UseCases
from controller.ports import SwitchPorts
from controller.settings import Settings, load
from controller.southbound.channel import SpeakerChannel
from controller.southbound.counters import PortCounters
from controller.southbound.ovsdb import SwitchDatabase, use_certificate
from controller.southbound.switches import Switches
from controller.store.compacting import compact_when_quiet
from controller.store.revisions import Store
from controller.store.server import StoreServer
from controller.telemetry.metrics import Metrics

log = logging.getLogger("controller.engine")

_SYNC_FIRST_S: Final = 3.0
_THREAD_S: Final = 0.0005
"""How long a thread that computes (a proof, a plan, news of OVSDB) keeps the interpreter while the
loop waits for it. With Python's 5 ms, each answer that the loop sends may cost it that long."""


def main() -> int:
    """Run until told to end. Exit status 2: settings or documents are wrong."""
    parser = argparse.ArgumentParser(prog="python -m controller.engine", description=__doc__)
    parser.add_argument("--speaker", required=True, help="socket of the speaker")
    arguments = parser.parse_args()
    sys.setswitchinterval(_THREAD_S)
    try:
        settings = load(environment=os.environ).settings
        logging.basicConfig(
            level=settings.log_level.upper(),
            format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        )
        with asyncio.Runner() as runner:
            runner.run(_run(settings, arguments.speaker))
            _leave()
    except Invalid as error:
        for problem in error.problems:
            print(f"bulkhead: {problem}", file=sys.stderr)
        return 2
    except BulkheadError as error:
        print(f"bulkhead: {error}", file=sys.stderr)
        return 1
    return 0


def _leave() -> NoReturn:
    """End at once, everything being closed in order.

    A proof or plan may still be under way in a thread. Nobody waits for what it finds, and Python
    would wait for it: a core that the next engine needs to start on.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


async def _run(settings: Settings, speaker: str) -> None:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    loop.add_signal_handler(signal.SIGINT, ending.set)
    topology = read_topology(settings)
    async with _store(settings, ending.set) as store:
        history = StoredHistory(store)
        await _begin(settings, topology, history, speaker, ending)


async def _begin(
    settings: Settings,
    topology: Topology,
    history: StoredHistory,
    speaker: str,
    ending: asyncio.Event,
) -> None:
    """Take up the stored intent, then the switches' ports, then the switches themselves."""
    channel = SpeakerChannel(ending.set)
    numbers = {name: switch.datapath_id for name, switch in topology.switches.items()}
    switches = Switches(channel, numbers.__getitem__, settings.request_timeout_s)
    incremental = settings.incremental == "on"
    control = Control(
        *(topology, switches, history), audit_s=settings.audit_s, incremental=incremental
    )
    switches.on_passed = control.seen.take
    keeper = QueueKeeper()
    ports = SwitchPorts(settings, control.observe, keeper.want)
    heap, metrics = Heap(), Metrics(control)

    def follow(network: Network) -> None:
        ports.follow(network)
        heap.grown(len(network.intent.instances))
        if control.loop.state.compiled is not None:
            metrics.compiled(control.loop.state.compiled.work)

    control.loop.on_network = follow
    revision = await history.latest() or await _first_revision(settings, topology, history)
    if revision is not None:
        control.adopt(revision)
    if settings.switch_tls_cert:
        use_certificate(settings.switch_tls_cert, settings.switch_tls_key, settings.switch_tls_ca)
    databases = {
        remote: SwitchDatabase(remote, ports.teller(remote), ports.misser(remote))
        for remote in ports.remotes(topology)
    }
    counters = {remote: PortCounters(remote) for remote in databases}
    loads = LinkLoads(topology, counters)
    control.link_loads, ports.on_devices = loads.now, loads.found
    ports.connect(databases, topology)
    control.meter, control.journal.on_record = metrics, metrics.happened
    gate = gate_of(settings)
    cases = UseCases.of(control, settings.apply_timeout_s, gate, metrics, incremental=incremental)
    rest = RestServer(cases, *_host_port(settings.rest), tls_of(settings))
    await rest.start()
    log.info("REST on %s://%s:%d", "https" if settings.tls_cert else "http", *rest.address)
    for database in databases.values():
        database.start()
    for counter in counters.values():
        counter.start()
    loop = asyncio.get_running_loop()
    loop.call_later(settings.request_timeout_s, ports.go_on)
    ports.follow(control.network())
    names = {number: name for name, number in numbers.items()}
    up = HandedUp(channel, control.network, names, control.journal, settings.dhcp_lease_s)
    up.on_denied, channel.on_packet = metrics.denied, up.take
    await channel.connect(speaker, control)
    proofs = loop.create_task(control.prove_regularly(settings.proof_s))
    rpc = loop.create_task(_serve_rpc(cases, settings))
    await ending.wait()
    proofs.cancel()
    log.info("ending; switches keep what they hold")
    control.end_events()
    rpc.cancel()
    await asyncio.gather(rest.stop(), asyncio.wait({rpc}))
    cases.gate.audit.close()
    await control.close()
    for database in databases.values():
        await database.close()
    for counter in counters.values():
        await asyncio.to_thread(counter.close)
    keeper.close()
    await channel.close()


async def _serve_rpc(cases: UseCases, settings: Settings) -> None:
    """The gRPC API until cancelled. It comes last: switches are not kept waiting for its library.

    Where it cannot listen, the network is still kept, and the log says what to do.
    """
    if settings.grpc == "off":
        return
    await _in_sync(cases.controller, _SYNC_FIRST_S)
    from controller.northbound.rpc_server import GrpcServer

    server = GrpcServer(cases, *_host_port(settings.grpc), tls_of(settings))
    try:
        await server.start()
    except BulkheadError as error:
        log.error("%s", error)
        return
    log.info("gRPC on %s:%d", *server.address)
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()


async def _in_sync(controller: Controller, longest_s: float) -> None:
    """Returns once all switches are in sync, or after so long."""
    events, last = controller.events(), 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(longest_s):
            while not controller.ready()[0] and (found := await events.more(last)):
                last = found[-1].id


@contextlib.asynccontextmanager
async def _store(settings: Settings, end: Callable[[], None]) -> AsyncIterator[Store]:
    """The store behind the setting ``state``: our own server on a file, or a cluster's remotes.

    When our own server ends by itself, nobody knows what of a commit under way is on disk: ``end``,
    and the engine that the speaker starts next reads what is there.
    """

    def lost() -> None:
        log.error("the store's server has ended; the engine starts anew with it")
        end()

    remotes = [part for part in settings.state.split(",") if _is_remote(part)]
    server = compacting = None
    if not remotes:
        server = StoreServer(Path(settings.state), Path(settings.run_dir))
        server.start()
        server.watch(lost)
        compacting = asyncio.create_task(compact_when_quiet(server))
        remotes = [server.remote]
    store = Store(remotes)
    try:
        yield store
    finally:
        await store.close()
        if compacting is not None:
            compacting.cancel()
        if server is not None:
            server.stop()


def _is_remote(text: str) -> bool:
    return text.split(":")[0] in ("tcp", "ssl", "unix")


def read_topology(settings: Settings) -> Topology:
    """The topology of the settings' file. Raises Invalid with every problem."""
    if not settings.topology:
        log.warning("no topology is set: no switch is known (setting topology, a YAML file)")
        return Topology()
    document, positions = load_yaml(Path(settings.topology))
    return decode_topology(document, positions)


async def _first_revision(
    settings: Settings, topology: Topology, history: StoredHistory
) -> Revision | None:
    """Store the policy file as the first revision of an empty store."""
    if not settings.policy:
        return None
    document, positions = load_yaml(Path(settings.policy))
    hosts = frozenset(s.host for s in topology.switches.values() if s.host)
    intent = decode_intent(document, positions=positions, hosts=hosts)
    log.info("the store is empty: %s becomes revision 1", settings.policy)
    note = Note(
        author="settings",
        message=f"first start with {Path(settings.policy).name}",
        changes=objects_changed(Intent(), intent),
    )
    draft = Draft(intent, origins_of(document, positions), note)
    return (await history.commit([draft], expected=0))[0]


def _host_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


if __name__ == "__main__":
    sys.exit(main())
