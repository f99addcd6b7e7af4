"""systemd's units name what is there, and systemd understands them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "packaging" / "systemd"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
@pytest.mark.parametrize("unit", sorted(UNITS.iterdir()), ids=lambda path: path.name)
def test_systemd_understands_it(tmp_path: Path, unit: Path) -> None:
    for path in UNITS.iterdir():
        text = path.read_text().replace("/opt/bulkhead/.venv/bin/ryu-manager", "/bin/true")
        (tmp_path / path.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "bulkhead" in line]
    assert ours == [], done.stderr


def test_it_starts_what_this_repository_installs() -> None:
    text = (UNITS / "bulkhead.service").read_text()
    (command,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    assert command.endswith("ryu-manager --config-file /etc/bulkhead.conf controller.app")
    assert (ROOT / "controller" / "app.py").exists()


def test_the_page_names_every_unit_and_the_backup_of_the_timer() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    assert "bulkhead.service" in page and "bulkhead-backup.timer" in page
    backup = "ovsdb-client backup unix:/run/bulkhead-controller/store.sock Bulkhead"
    assert backup in page
    assert backup in (UNITS / "bulkhead-backup.service").read_text()
