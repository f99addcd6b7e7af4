"""The parts of the mend by themselves."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ryumend.patches import LooseVersion, lent_distutils

SOURCES = Path(__file__).parents[2] / "ryumend" / "src"


@pytest.mark.parametrize(
    ("smaller", "greater"),
    [("1.2", "1.10"), ("3.99.17", "4.0"), ("1.2", "1.2.1"), ("0.99.24", "2"), ("1.0a1", "1.0b1")],
)
def test_versions_compare_part_by_part(smaller: str, greater: str) -> None:
    assert LooseVersion(smaller) < LooseVersion(greater)
    assert LooseVersion(smaller) < greater
    assert LooseVersion(greater) > smaller
    assert LooseVersion(greater) >= LooseVersion(smaller)
    assert LooseVersion(smaller) <= greater
    assert LooseVersion(smaller) <= smaller <= LooseVersion(smaller).vstring


def test_the_mend_stays_asleep_where_ryu_is_not_imported(commands: Path) -> None:
    """The hook is in every process of the environment; only ryu's import wakes it."""
    loaded = _said(commands, "import sys, json; print('_ryumend_boot' in sys.modules, end=' ')")
    assert loaded == "True "
    assert _said(commands, "import sys, json; print('eventlet' in sys.modules)") == "False\n"
    assert _said(commands, "import sys, json; print('ryumend.patches' in sys.modules)") == "False\n"


def test_an_environment_without_our_package_is_left_alone(tmp_path: Path) -> None:
    """pip builds ryu with the hook in sight and the package out of it: no error may come of it."""
    boot = SOURCES / "_ryumend_boot.py"
    (tmp_path / boot.name).write_bytes(boot.read_bytes())
    (tmp_path / "ryu.py").write_text("name = 'a ryu of its own'\n")
    path = f"import sys; sys.path.insert(0, {str(tmp_path)!r})"
    code = f"{path}; import _ryumend_boot, ryu; print(ryu.name)"
    done = subprocess.run(
        [sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "a ryu of its own\n"


def test_distutils_is_lent_and_taken_back() -> None:
    before = {name: module for name, module in sys.modules.items() if "distutils" in name}
    with lent_distutils(None):
        found = importlib.import_module("distutils.version")
        assert found.LooseVersion is LooseVersion
    assert {name: m for name, m in sys.modules.items() if "distutils" in name} == before


def test_ryu_does_not_bring_setuptools_along() -> None:
    code = "import sys, ryu.cmd.manager; print('setuptools' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"


def _said(commands: Path, code: str) -> str:
    done = subprocess.run(
        [str(commands / "python"), "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout
