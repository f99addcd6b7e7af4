"""What breaks in Ryu 4.34 on today's Python, and what mends it. See docs/ryu.md."""

from __future__ import annotations

import logging
import os
import re
import ssl
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib.machinery import ModuleSpec
from typing import Any, Final

log = logging.getLogger("ryumend")


def before_ryu() -> None:
    """Put back the name of eventlet's that Ryu imports and that is gone, and start without DNS."""
    # dnspython takes 0.2 s of each start, for names that Ryu never asks for. `no` brings it back.
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
    import eventlet.wsgi

    # eventlet >= 0.30.3 keeps this in WSGI_LOCAL.already_handled and looks there first, so any
    # iterable serves.
    if not hasattr(eventlet.wsgi, "ALREADY_HANDLED"):
        eventlet.wsgi.ALREADY_HANDLED = ()


class LooseVersion:
    """Version numbers compared part by part, as ryu.flags and ryu.lib.packet.zebra need them."""

    _parts = re.compile(r"(\d+|[a-z]+|\.)", re.IGNORECASE)

    def __init__(self, text: str) -> None:
        self.vstring = text
        found = (part for part in self._parts.split(text) if part and part != ".")
        self.version = [int(part) if part.isdigit() else part for part in found]

    def __lt__(self, other: str | LooseVersion) -> bool:
        return bool(self.version < _version(other))

    def __ge__(self, other: str | LooseVersion) -> bool:
        return not self < other

    def __gt__(self, other: str | LooseVersion) -> bool:
        return bool(self.version > _version(other))

    def __le__(self, other: str | LooseVersion) -> bool:
        return not self > other


def _version(value: str | LooseVersion) -> list[Any]:
    return (value if isinstance(value, LooseVersion) else LooseVersion(value)).version


@contextmanager
def lent_distutils(_module: object) -> Iterator[None]:
    """While it is imported, what a module of Ryu needs of ``distutils``; then all is as before.

    Python 3.12 has none (PEP 632). Where setuptools is installed it lends its own, before 3.12 too,
    and comes along whole: 90 modules and 4 MB, for as long as the process lives.
    """
    package = types.ModuleType("distutils")
    package.__path__ = []
    version = types.ModuleType("distutils.version")
    version.LooseVersion = LooseVersion  # type: ignore[attr-defined]
    lent = {"distutils": package, "distutils.version": version}
    before = {name: sys.modules[name] for name in lent if name in sys.modules}
    sys.modules.update(lent)
    try:
        yield
    finally:
        for name in lent:
            del sys.modules[name]
        sys.modules.update(before)


def spec_with(
    finder: object, name: str, path: Any, around: Callable[[Any], AbstractContextManager[None]]
) -> ModuleSpec | None:
    """The module's spec from the other finders; it is executed within ``around``."""
    for other in sys.meta_path:
        spec = None if other is finder else other.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: types.ModuleType, run: Any = run) -> None:
                with around(module):
                    run(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
            return spec
    return None


@contextmanager
def mended_hub(hub: Any) -> Iterator[None]:
    """Let more than one switch connect over TLS.

    Stock ``StreamServer`` pops its TLS context out of a dict that all connections share, so only
    the first finds it; what it falls back on, ``ssl.wrap_socket``, is gone in Python 3.12.
    """
    yield
    stock: Any = hub.StreamServer

    class StreamServer(stock):  # type: ignore[misc]
        """The stock server with one TLS context for all connections."""

        def __init__(
            self,
            listen_info: Any,
            handle: Any = None,
            backlog: Any = None,
            spawn: Any = "default",
            **ssl_args: Any,
        ) -> None:
            super().__init__(listen_info, handle, backlog, spawn)
            if ssl_args:
                self.handle = _over_tls(handle, ssl_args)

    hub.StreamServer = StreamServer


def _over_tls(handle: Callable[..., Any], ssl_args: dict[str, Any]) -> Callable[..., Any]:
    from eventlet.green.ssl import GreenSSLSocket

    context = ssl_args.pop("ssl_ctx", None) or ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ssl_args.pop("certfile"), ssl_args.pop("keyfile"))
    if "ca_certs" in ssl_args:
        context.load_verify_locations(ssl_args.pop("ca_certs"))
    if "cert_reqs" in ssl_args:
        context.verify_mode = ssl_args.pop("cert_reqs")
    ssl_args.setdefault("server_side", True)

    def wrap_and_handle(sock: Any, address: Any) -> Any:
        try:
            secured = GreenSSLSocket(sock, _context=context, **ssl_args)
        except (ssl.SSLError, OSError) as error:
            log.warning("no TLS session with %s: %s", address[0], error)
            sock.close()
            return None
        return handle(secured, address)

    return wrap_and_handle


AROUND: Final[Mapping[str, Callable[[Any], AbstractContextManager[None]]]] = {
    "ryu.flags": lent_distutils,
    "ryu.lib.hub": mended_hub,
    "ryu.lib.packet.zebra": lent_distutils,
}
"""What is done around the import of a module of Ryu."""
