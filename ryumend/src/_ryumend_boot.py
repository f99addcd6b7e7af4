"""Loaded by bulkhead_ryumend.pth at start-up: waits, at no cost, until a process imports ryu."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec


class _RyuFinder:
    """Runs the mend just before ``ryu`` is imported, and mends its TLS listener after."""

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Called by the import system for every module not yet loaded (PEP 302)."""
        if name not in ("ryu", "ryu.lib.hub"):
            return None
        try:
            from ryumend import patches
        except ImportError:  # an isolated build of ryu sees this file, yet not our package
            return None
        try:
            if name == "ryu":
                patches.before_ryu()
                return None
            return patches.spec_with(cls, name, path, patches.after_hub)
        except ImportError:
            return None


sys.meta_path.insert(0, _RyuFinder)
