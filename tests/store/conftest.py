"""A store server on a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.store.server import StoreServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StoreServer]:
    """A server that is started, and stopped after the test."""
    found = StoreServer(tmp_path / "state.db", tmp_path / "run")
    found.start()
    yield found
    found.stop()
