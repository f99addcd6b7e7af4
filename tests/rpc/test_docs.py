"""The examples of docs/grpc.md do what the page says, as they stand there."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from controller.northbound import bulkhead_pb2 as pb
from controller.northbound.rpc_errors import CODES
from tests.pages import blocks
from tests.rpc.conftest import OnSite, Site

PAGE = Path(__file__).parents[2] / "docs" / "grpc.md"
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


def test_the_page_has_every_code_with_the_status_that_it_is_in_rest() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \|.*\| ([0-9, ]*)\|$", PAGE.read_text(), re.MULTILINE)
    told = {(int(status), code) for code, found in rows for status in re.findall(r"\d+", found)}
    assert told >= {(status, code.name) for status, code in CODES.items()}
    assert {"DEADLINE_EXCEEDED", "CANCELLED"} <= {code for code, _ in rows}


def test_the_page_has_every_call() -> None:
    calls = {method.name for method in pb.DESCRIPTOR.services_by_name["Bulkhead"].methods}
    assert calls <= set(re.findall(r"`([A-Za-z]+)`", PAGE.read_text()))
