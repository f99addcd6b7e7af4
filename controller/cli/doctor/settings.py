"""The settings that the controller would run with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from controller.cli.doctor.checks import Check, fail, well
from controller.errors import Invalid
from controller.settings import Settings, load


def settings_of(config_files: Sequence[str]) -> tuple[Settings, list[Check]]:
    """The settings, the defaults where they are wrong; and a check for each that is."""
    try:
        settings = load(tuple(map(Path, config_files)), os.environ).settings
    except Invalid as error:
        mend = "see each with: bulkhead settings (docs/settings.md)"
        return Settings(), [fail("settings", str(item), mend) for item in error.problems]
    source = ", ".join(config_files) or "defaults and environment"
    return settings, [well("settings", f"all valid ({source})")]
