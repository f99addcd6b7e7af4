"""An environment per supported Python, with what the controller runs on and nothing more."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache"
LOCK = ROOT / "requirements" / "lock.txt"
VERSIONS = ("3.11", "3.12", "3.13")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
INSTALL = ROOT / "scripts" / "install.sh"


def interpreter(version: str) -> Path | None:
    """The interpreter of a Python version: this one, on the PATH, or one that pyenv has built."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for name in (sys.executable, f"python{version}", *pyenv.glob(f"{version}.*/bin/python")):
        command = shutil.which(name)
        if command and (real := _base_interpreter(command, version)):
            return real
    return None


def _base_interpreter(command: str, version: str) -> Path | None:
    """Itself, free of any virtual environment, if it runs and is of that version."""
    ask = "import os, sys; print('%d.%d' % sys.version_info[:2], os.path.realpath(sys.executable))"
    said = subprocess.run([command, "-c", ask], capture_output=True, text=True, check=False)
    found, _, path = said.stdout.strip().partition(" ")
    return Path(path) if said.returncode == 0 and found == version else None


def environment(version: str, python: Path) -> Path:
    """The folder of commands of an environment of that Python, made when it is not there yet.

    Of several processes that want it one makes it, and the others wait.
    """
    place = CACHE / "pythons" / version
    stamp, want = place / "made-from", _fingerprint(python)
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f"{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != want:
            _make(place, python)
            stamp.write_text(want)
    return place / "bin"


def _fingerprint(python: Path) -> str:
    digest = hashlib.sha256(str(python).encode())
    inputs = [LOCK, ROOT / "setup.cfg", Path(__file__), *sorted(ROOT.glob("ryumend/src/**/*.p*"))]
    for path in inputs:
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _make(place: Path, base: Path) -> None:
    """As scripts/setup.sh does, but without what only checks the controller.

    setuptools goes again at the end: it would lend Python 3.12 the ``distutils`` that the mend has
    to stand in for.
    """
    _run(str(base), "-m", "venv", "--clear", "--without-pip", str(place))
    locked = place / "locked.txt"
    python = str(place / "bin" / "python")
    install = (str(INSTALL), python)
    for names in ({"setuptools"}, _run_time_names()):
        locked.write_text("".join(_locked(names)))
        _run(*install, "--require-hashes", "-r", str(locked))
    wheels = place / "wheels"
    _run(
        *PIP, "wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(ROOT / "ryumend")
    )
    _run(*install, *map(str, [*(CACHE / "wheels").glob("ryu-*.whl"), *wheels.glob("*.whl")]))
    _run(*PIP, "--python", python, "uninstall", "-y", "setuptools")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def _locked(names: set[str]) -> Iterator[str]:
    """The lock's blocks (a name, its version, its hashes) of these distributions."""
    for block in re.split(r"^(?=\S)", LOCK.read_text(), flags=re.MULTILINE):
        if canonicalize_name(block.partition("==")[0]) in names:
            yield block


def _run_time_names() -> set[str]:
    """What setup.cfg asks for at run time, and what that asks for, on whatever Python."""
    found: set[str] = set()
    todo = ["bulkhead-sdn"]
    while todo:
        try:
            asked = requires(todo.pop()) or []
        except PackageNotFoundError:  # of another Python or system: the lock decides
            continue
        for requirement in map(Requirement, asked):
            name = canonicalize_name(requirement.name)
            if name not in found and "extra ==" not in str(requirement.marker):
                found.add(name)
                todo.append(name)
    return found - {"setuptools"}
