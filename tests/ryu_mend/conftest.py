"""An environment of every supported Python."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.ledger import Ledger
from tests.ryu_mend.pythons import VERSIONS, environment, interpreter


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one Python run in one process, where several run tests: each is set up once."""
    for item in items:
        version = getattr(item, "callspec", None) and item.callspec.params.get("commands")
        if version:
            item.add_marker(pytest.mark.xdist_group(f"python{version}"))


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
