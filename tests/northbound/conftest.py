from __future__ import annotations

import pytest

from tests.northbound.client import Client
from tests.northbound.fakes import FakeController


@pytest.fixture
def engine() -> FakeController:
    return FakeController()


@pytest.fixture
def call(engine: FakeController) -> Client:
    return Client(engine)
