"""What all tests share: the switch that rewrites golden files, and hypothesis profiles."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.chance import QUICK_EXAMPLES, SOAK_EXAMPLES

# Machines that run several things at once make any deadline fail now and then.
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "dev", max_examples=QUICK_EXAMPLES, deadline=None, suppress_health_check=_SLOW
)
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True)
settings.register_profile("soak", settings.get_profile("dev"), max_examples=SOAK_EXAMPLES)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite golden files with what was found"
    )
    parser.addoption(
        "--soak", action="store_true", help="far more cases, from other seeds each time (make soak)"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--soak"):
        settings.load_profile("soak")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files shall be rewritten instead of compared."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def soak(request: pytest.FixtureRequest) -> bool:
    """Whether tests of chance shall run for long."""
    return bool(request.config.getoption("--soak"))
