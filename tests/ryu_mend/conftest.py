"""An environment of every supported Python."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.ledger import Ledger
from tests.ryu_mend.pythons import VERSIONS, environment, interpreter


@pytest.fixture(scope="session", params=VERSIONS)
def commands(request: pytest.FixtureRequest) -> Path:
    """The folder with that Python's ``ryu-manager``."""
    version: str = request.param
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no python{version} on the PATH nor among pyenv's versions")
    return environment(version, python)


@pytest.fixture
def run() -> Iterator[Ledger]:
    """A run's folder and ledger; all that it names is gone afterwards."""
    ledger = Ledger.create("mend")
    yield ledger
    ledger.clean()
