"""The Ryu application: the speaker. It keeps OpenFlow sessions and moves bytes, nothing more.

Run it with the stock ``ryu-manager controller.app``. It starts the engine
(:mod:`controller.engine`) as a child process, passes messages between it and the switches without
reading them, and starts it again when it dies; sessions stay up meanwhile. Why two processes:
docs/adr/0001-two-processes.md.
"""

from __future__ import annotations

import errno
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

import eventlet
import greenlet
from eventlet.green import subprocess
from ryu import cfg
from ryu.base import app_manager
from ryu.controller import ofp_event
from ryu.controller.handler import DEAD_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from ryu.lib import hub
from ryu.ofproto import ofproto_parser, ofproto_v1_4

from controller.errors import Invalid
from controller.sessions import Outbox, Session
from controller.settings import Settings, environment_of, load
from controller.southbound.frames import (
    ENGINE_XID,
    Frame,
    FrameError,
    FrameReader,
    Kind,
    count_of,
    encode,
)

RESTART_FIRST_S: Final = 0.2
WRONG_INPUT: Final = 2  # exit status: settings or documents are wrong, and it was said how
STABLE_S: Final = 30.0
STOP_S: Final = 10.0
_RECV: Final = 1 << 18
_RYU_KINDS: Final = (
    ofproto_v1_4.OFPT_HELLO,
    ofproto_v1_4.OFPT_ECHO_REQUEST,
    ofproto_v1_4.OFPT_ECHO_REPLY,
)
_UNASKED_KINDS: Final = (
    ofproto_v1_4.OFPT_PACKET_IN,
    ofproto_v1_4.OFPT_FLOW_REMOVED,
    ofproto_v1_4.OFPT_PORT_STATUS,
)
_RYU_LISTEN_HOST: Final = "0.0.0.0"  # Ryu's default, which is not the user's choice
# Imports leave no garbage; looking for it all the same is a fifth of the engine's start. A sixth is
# eventlet, which python-ovs imports where it can, and the engine has no green threads. FastAPI asks
# of each parameter whether it is of pydantic 1, and imports that, 1.5 MB and 15 ms, where it can.
_START_ENGINE: Final = (
    "import gc, sys; gc.disable(); sys.modules.update({'eventlet': None, 'pydantic.v1': None});"
    " from controller.engine import main; raise SystemExit(main())"
)


def settings_of(conf: Any) -> Settings:
    """The settings of this run. Ends the process with a clear message when one is wrong."""
    flags = {}
    if conf.ofp_tcp_listen_port is not None:
        flags["openflow_port"] = str(conf.ofp_tcp_listen_port)
    if conf.ofp_listen_host not in ("", _RYU_LISTEN_HOST):
        flags["openflow_host"] = conf.ofp_listen_host
    try:
        files = tuple(Path(name) for name in conf.config_file or ())
        return load(files, os.environ, flags).settings
    except Invalid as error:
        _refuse(*map(str, error.problems), "see every setting with: bulkhead settings")


def _refuse(*lines: str) -> NoReturn:
    """Say why there is no start, and end."""
    for line in lines:
        print(f"bulkhead: {line}", file=sys.stderr)
    sys.exit(2)


def _check_free(host: str, port: int) -> None:
    """Try the address for OpenFlow: Ryu would end with a traceback, as if all were well."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        _refuse(f"openflow_host, openflow_port: cannot listen on {host}:{port}: {error.strerror}")


SETTINGS: Final = settings_of(cfg.CONF)
_check_free(SETTINGS.openflow_host, SETTINGS.openflow_port)
cfg.CONF.set_override("ofp_tcp_listen_port", SETTINGS.openflow_port)
cfg.CONF.set_override("ofp_listen_host", SETTINGS.openflow_host)
if SETTINGS.switch_tls_cert:  # then Ryu listens for TLS alone, and asks switches for certificates
    cfg.CONF.set_override("ofp_ssl_listen_port", SETTINGS.openflow_port)
    cfg.CONF.set_override("ctl_cert", SETTINGS.switch_tls_cert)
    cfg.CONF.set_override("ctl_privkey", SETTINGS.switch_tls_key)
    cfg.CONF.set_override("ca_certs", SETTINGS.switch_tls_ca)


class Speaker(app_manager.RyuApp):
    """OpenFlow sessions on one side, the engine on the other."""

    OFP_VERSIONS = (ofproto_v1_4.OFP_VERSION,)
    ENGINE_COMMAND: tuple[str, ...] = (sys.executable, "-c", _START_ENGINE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sessions: dict[int, Session] = {}
        self._count = 0
        self._outbox: Outbox | None = None
        self._process: Any = None
        self._closing = False
        self._served = False
        self._path = Path(SETTINGS.run_dir) / f"speaker-{os.getpid()}.sock"
        _hand_over(self._from_switch)

    def start(self) -> None:
        """Called by Ryu once all applications are there."""
        super().start()
        self._main = greenlet.getcurrent()
        _interrupt_on_signals(self._main)
        try:
            self._listener = _engine_listener(self._path)
        except OSError as error:
            _refuse(f"run_dir: cannot listen on {self._path}: {error.strerror}")
        hub.spawn(self._accept)  # not in self.threads, whose end Ryu awaits before it closes us
        hub.spawn(self._supervise)
        hub.sleep(0)  # the engine starts meanwhile
        gc.collect()
        gc.freeze()  # a full collection of Ryu's objects stops the hub for 70 ms

    def close(self) -> None:
        """End the engine, then the sessions. Switches keep their flows."""
        self._closing = True
        self._to_engine(Frame(Kind.BYE))
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.logger.error("the engine did not end within %d s: killed", STOP_S)
                self._process.kill()
        self._path.unlink(missing_ok=True)

    @set_ev_cls(ofp_event.EventOFPStateChange, [MAIN_DISPATCHER, DEAD_DISPATCHER])
    def _state_changed(self, event: Any) -> None:
        datapath = event.datapath
        if event.state == MAIN_DISPATCHER:
            self._up(datapath)
        elif datapath.id is not None:
            self._down(datapath)

    def _up(self, datapath: Any) -> None:
        old = self._sessions.get(datapath.id)
        if old is not None:
            self._down(old.datapath)
        self._count += 1
        session = Session(datapath, self._count)
        self._sessions[datapath.id] = session
        self._to_engine(Frame(Kind.SWITCH_UP, datapath.id, session.number))

    def _down(self, datapath: Any) -> None:
        session = self._sessions.get(datapath.id)
        if session is None or session.datapath is not datapath:
            return
        del self._sessions[datapath.id]
        session.close()
        self._to_engine(Frame(Kind.SWITCH_DOWN, datapath.id, session.number))

    def _from_switch(self, datapath: Any, kind: int, data: bytes) -> bool:
        """Pass a message on to the engine; False where there is no session for it yet."""
        session = self._sessions.get(datapath.id)
        if session is None or session.datapath is not datapath:
            return False
        engine = self._outbox
        if engine is None:
            return True
        if kind == ofproto_v1_4.OFPT_MULTIPART_REPLY:
            session.tell_part(engine, data)
        else:
            session.tell(engine, data)
        return True

    def _to_engine(self, frame: Frame) -> None:
        if self._outbox is not None:
            self._outbox.put(encode(frame))

    def _accept(self) -> None:
        """Serve one engine after another. Each is told first which switches are connected."""
        while True:
            engine, _ = self._listener.accept()
            self._served = True
            self._outbox = outbox = Outbox()
            for datapath_id, session in self._sessions.items():
                self._to_engine(Frame(Kind.SWITCH_UP, datapath_id, session.number))
            writer = hub.spawn(_write, engine, outbox)
            self._listen(engine, outbox)
            self._outbox = None
            outbox.closed = True
            for session in self._sessions.values():
                session.engine_gone()
            hub.kill(writer)
            engine.close()

    def _listen(self, engine: Any, outbox: Outbox) -> None:
        """Carry out what the engine says, until it is gone."""
        reader = FrameReader()
        while True:
            try:
                data = engine.recv(_RECV)
                for frame in reader.feed(data):
                    self._carry_out(frame, outbox)
                hub.sleep(0)  # an engine that says much is always ready: let switches have theirs
            except OSError:
                return
            except FrameError:
                self.logger.exception("the engine is not understood; its connection is closed")
                return
            if not data:
                return

    def _carry_out(self, frame: Frame, engine: Outbox) -> None:
        session = self._sessions.get(frame.datapath_id)
        if session is None or session.number != frame.session:
            return
        if frame.kind is Kind.SEND:
            session.say(engine, frame.payload)
        elif frame.kind is Kind.TAKEN:
            session.read(count_of(frame))
        elif frame.kind is Kind.CLOSE:
            session.datapath.close()

    def _supervise(self) -> None:
        """Keep an engine running; wait longer each time while it dies young.

        An engine that has not served yet and finds its documents wrong has said why: so do we end.
        """
        wait_s = min(SETTINGS.engine_restart_s, RESTART_FIRST_S)
        while not self._closing:
            began_s = time.monotonic()
            status = self._run_engine()
            if self._closing:
                return
            if status == WRONG_INPUT and not self._served:
                _raise_in(self._main, SystemExit, WRONG_INPUT)
                return
            if time.monotonic() - began_s > STABLE_S:
                wait_s = min(SETTINGS.engine_restart_s, RESTART_FIRST_S)
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            self.logger.error("the engine ended (%s); starting it again", how)
            hub.sleep(wait_s)
            wait_s = min(SETTINGS.engine_restart_s, wait_s * 2)

    def _run_engine(self) -> int:
        self._process = subprocess.Popen(
            [*self.ENGINE_COMMAND, "--speaker", str(self._path)],
            env={**os.environ, **environment_of(SETTINGS)},
            # Ctrl-C is ours to pass on, in order. Not a session of its own: to Linux that would be
            # somebody else's work (sched(7), autogroup), and our nice value would not count there.
            process_group=0,
        )
        return int(self._process.wait())


def _engine_listener(path: Path) -> Any:
    """A socket for the engine, and for nobody of another user."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.parent.stat().st_uid not in (0, os.geteuid()):
        raise PermissionError(errno.EPERM, "the folder belongs to another user")
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(1)
    return listener


def _write(engine: Any, outbox: Outbox) -> None:
    """The only writer of an engine's socket: two at once would tear each other's frames."""
    while True:
        try:
            engine.sendall(outbox.get())
        except OSError:
            return


def _interrupt_on_signals(main: Any) -> None:
    """Let the main greenlet see Ctrl-C on SIGTERM and SIGINT, wherever they find us.

    A handler alone would wait for the hub's next event: Python goes on polling after it has run. A
    byte in a pipe is an event.
    """
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)

    def wait() -> None:
        number = 0
        while number not in (signal.SIGTERM, signal.SIGINT):
            eventlet.hubs.trampoline(read, read=True)
            number = os.read(read, 1)[0]
        _raise_in(main, KeyboardInterrupt)

    hub.spawn(wait)


def _raise_in(main: Any, error: type[BaseException], *arguments: int) -> None:
    """Raise in the main greenlet, where Ryu closes its applications before it ends."""
    eventlet.hubs.get_hub().schedule_call_global(0, main.throw, error, *arguments)


def _hand_over(take: Callable[[Any, int, bytes], bool]) -> None:
    """Pass messages that are the engine's to ``take`` and keep them from Ryu's parser.

    ``ryu.controller.controller`` looks ``ofproto_parser.msg`` up for every message and passes over
    what it answers None for. Ryu's own requests carry any xid, yet once a session is up it asks
    for nothing but echoes. What a switch says unasked (xid 0) is the engine's too: Ryu's parser
    would stop the hub for what nobody here reads.
    """
    parse = ofproto_parser.msg

    def message(datapath: Any, version: int, kind: int, length: int, xid: int, data: bytes) -> Any:
        ours = kind in _UNASKED_KINDS or (xid & ENGINE_XID and kind not in _RYU_KINDS)
        if ours and take(datapath, kind, bytes(data[:length])):
            return None
        return parse(datapath, version, kind, length, xid, data)

    ofproto_parser.msg = message
