"""The examples of docs/grpc.md do what the page says, as they stand there."""

from __future__ import annotations

import asyncio
import sys

import pytest

from tests.pages import blocks
from tests.rpc.conftest import OnSite, Site

_HERE = "127.0.0.1:50051"
SCRIPTS = [block for block in blocks("grpc.md") if block.startswith("import grpc")]
SAID = (
    "web-9 02:b0:",
    "True True",
    "revision",
    "StatusCode.INVALID_ARGUMENT [('tenants.shop.segment', 'there is no segment `nowhere`')]",
)


def test_every_example_has_something_to_say() -> None:
    assert len(SCRIPTS) == len(SAID)


@pytest.mark.parametrize(("script", "said"), list(zip(SCRIPTS, SAID, strict=False)), ids=SAID)
def test_the_examples_run(on_site: OnSite, script: str, said: str) -> None:
    async def trial(site: Site) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", script.replace(_HERE, site.address)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, err.decode()
        assert said in out.decode()

    on_site(trial)
