"""Completion, as the shells themselves work it out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from controller.cli.completing import SHELLS
from tests.cli.conftest import Run

_COMPLETE = """
source {script}
COMP_WORDS=({words} '{word}')
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_shtab_bulkhead
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def complete(run: Run, server: str, tmp_path: Path):  # type: ignore[no-untyped-def]
    """What bash offers behind words, the last of which is being typed."""
    script = tmp_path / "bulkhead.bash"
    script.write_text(run("completion", "bash").out)
    command = tmp_path / "bin" / "bulkhead"
    command.parent.mkdir()
    main = "import sys; from controller.cli import main; sys.exit(main())"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{main}" "$@"\n')
    command.chmod(0o755)

    def offered(*words: str, server: str = server) -> set[str]:
        text = _COMPLETE.format(script=script, words=" ".join(words[:-1]), word=words[-1])
        environment = {
            "PATH": f"{command.parent}:/usr/bin:/bin",
            "PYTHONPATH": ":".join(filter(None, sys.path)),
            "BULKHEAD_SERVER": server,
        }
        done = subprocess.run(
            ["bash", "-c", text], capture_output=True, text=True, env=environment, check=True
        )
        return set(done.stdout.split())

    return offered


def test_bash_completes_commands_collections_and_options(complete) -> None:  # type: ignore[no-untyped-def]
    assert complete("bulkhead", "ap") == {"apply"}
    assert complete("bulkhead", "get", "sw") == {"switches"}
    assert complete("bulkhead", "put", "ru") == {"rules"}
    assert "--timeout" in complete("bulkhead", "apply", "--t")
    assert complete("bulkhead", "na") == set()  # `names` is for shells


def test_bash_completes_names_that_the_controller_knows(complete) -> None:  # type: ignore[no-untyped-def]
    assert complete("bulkhead", "get", "rules", "") == {"web-to-api", "scrape"}
    assert complete("bulkhead", "put", "rules", "s") == {"scrape"}
    assert complete("bulkhead", "delete", "vrfs", "b") == {"business"}
    assert complete("bulkhead", "move", "tenant", "s") == {"shop"}
    assert complete("bulkhead", "move", "tenant", "shop", "--vrf", "m") == {"monitoring"}
    assert complete("bulkhead", "explain", "web-1", "api") == {"api-1", "api-2"}
    assert complete("bulkhead", "routes", "host-1", "") >= {"host-2", "host-3"}


def test_without_a_controller_there_are_no_names_and_no_noise(complete) -> None:  # type: ignore[no-untyped-def]
    assert complete("bulkhead", "get", "rules", "", server="http://127.0.0.1:1") == set()


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_understands_its_script(run: Run, shell: str, tmp_path: Path) -> None:
    script = run("completion", shell).out
    assert "bulkhead names" in script
    assert json.loads(run("completion", shell, "--json").out)["script"] in script
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    file = tmp_path / "script"
    file.write_text(script)
    subprocess.run([shell, "-n", str(file)], check=True)


@pytest.mark.parametrize(
    ("collection", "name"),
    [("hosts", "host-2"), ("switches", "edge-1"), ("links", "h1-fabric-1"), ("instance", "web-1")],
)
def test_names(run: Run, collection: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.cli.completing.ANSWER_S", 30.0)  # no shell waits here
    assert name in run("names", collection).out.splitlines()
    assert name in json.loads(run("names", collection, "--json").out)
