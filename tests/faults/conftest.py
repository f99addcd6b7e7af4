"""Sites to hurt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from labkit.faults import FaultSite
from labkit.ledger import Ledger
from tests.faults.site import POLICY, TOPOLOGY

SiteWith = Callable[..., FaultSite]


@pytest.fixture
def site_with() -> Iterator[SiteWith]:
    """Makes a running site with settings; it ends with the test."""
    with ExitStack() as stack:

        def make(**settings: object) -> FaultSite:
            ledger = Ledger.create("test-faults")
            stack.callback(ledger.clean)
            return stack.enter_context(FaultSite(ledger, TOPOLOGY, POLICY, **settings))

        yield make
