"""What holds for the files of the repository."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.architecture.imports import ROOT, sources

LINES_MOST = 400
# All tables in the order in which a packet meets them: one declaration, read from top to bottom.
LONGER = {
    "controller/dataplane/pipeline.py": 680,
    "controller/northbound/bulkhead_pb2_grpc.py": 2000,  # generated
}
# A path of the machine on which somebody worked, and where its packages came from, belong in no
# file. Spelt so that this file does not match itself.
FORBIDDEN = re.compile(r"/(?:work|root|home/\w+)/|pypi[.]org|python[h]osted|\.pyenv/versions/\d")


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """Names of all files under version control."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout: which files are tracked is not known")
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_place_of_its_author(tracked: list[str]) -> None:
    found = []
    for name in tracked:
        text = (ROOT / name).read_text(errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            if match := FORBIDDEN.search(line):
                found.append(f"{name}:{number}: {match.group()}")
    assert found == []


def test_the_lab_does_not_shadow_mininet() -> None:
    assert not (ROOT / "mininet" / "__init__.py").exists(), (
        "mininet/ must stay a folder of scripts: as a package it hides the library of that name"
    )


def test_what_is_made_is_not_tracked(tracked: list[str]) -> None:
    made = re.compile(r"(^|/)(\.venv|\.cache|__pycache__|[^/]*\.egg-info|build|dist)/|\.pyc$")
    assert [name for name in tracked if made.search(name)] == []


def test_modules_have_one_topic() -> None:
    long = {
        name: lines
        for path in sources()
        if (lines := len(path.read_text().splitlines()))
        > LONGER.get(name := str(path.relative_to(ROOT)), LINES_MOST)
    }
    assert long == {}, f"split what is longer than {LINES_MOST} lines"


def test_pages_link_to_pages_that_are_there(tracked: list[str]) -> None:
    link = re.compile(r"\]\((?!https?:|#)([^)#]+)")
    broken = [
        f"{name} -> {target}"
        for name in tracked
        if name.endswith(".md")
        for target in link.findall((ROOT / name).read_text())
        if not ((ROOT / name).parent / target).exists()
    ]
    assert broken == []
