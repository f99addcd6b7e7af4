"""Loaded by bulkhead_ryumend.pth at start-up: waits, at no cost, until a process imports ryu."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec

_MENDED = ("ryu", "ryu.flags", "ryu.lib.hub", "ryu.lib.packet.zebra")


class _RyuFinder:
    """Runs the mend just before ``ryu`` is imported, and around those of its modules that need it.

    Which those are is said here too: to look a name up, nothing is loaded.
    """

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Called by the import system for every module not yet loaded (PEP 302)."""
        if name not in _MENDED:
            return None
        try:
            from ryumend import patches
        except ImportError:  # an isolated build of ryu sees this file, yet not our package
            return None
        try:
            if name == "ryu":
                patches.before_ryu()
                return None
            return patches.spec_with(cls, name, path, patches.AROUND[name])
        except ImportError:
            return None


sys.meta_path.insert(0, _RyuFinder)
