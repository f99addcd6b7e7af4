"""The store: whether it can be kept where the setting ``state`` says, or answers there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from controller.cli.client import Client
from controller.cli.doctor.checks import Check, fail, output_of, warn, well
from controller.cli.doctor.cluster import cluster
from controller.settings import Settings

_FREE_LEAST: Final = 1 << 30  # bytes


def store(settings: Settings, _client: Client) -> Iterator[Check]:
    """The file, its folder, and the room there; of a cluster each of its servers."""
    if ":" in settings.state:
        yield from cluster(settings)
        return
    file = Path(settings.state)
    folder = next(path for path in (file.parent, *file.parents) if path.exists())
    if not os.access(folder, os.W_OK):
        mend = "run as root, or set state to a file of yours"
        yield fail("store", f"{folder} is not writable for uid {os.geteuid()}", mend)
        return
    yield _file(file)
    free = shutil.disk_usage(folder).free
    if free < _FREE_LEAST:
        mend = "make room: a full disk refuses writes (what is stored stays)"
        yield warn("disk", f"{free >> 20} MiB free at {folder}", mend)
    else:
        yield well("disk", f"{free >> 30} GiB free at {folder}")


def _file(file: Path) -> Check:
    if not file.exists():
        return well("store", f"{file} will be made")
    printed = output_of("ovsdb-tool", "db-name", str(file))
    if printed != "Bulkhead":
        mend = f"move it away, or restore a backup to {file} (docs/operations.md)"
        return fail("store", f"{file} is no database of Bulkhead's, or damaged", mend)
    return well("store", f"{file}, {file.stat().st_size >> 10} KiB")
