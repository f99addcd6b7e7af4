"""What processes hold in memory (proc(5))."""

from __future__ import annotations

from pathlib import Path


def resident_mb(pid: int) -> float:
    """Resident memory in MB of 2**20 bytes; 0 when the process is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    lines = (line.split() for line in text.splitlines() if line.startswith("VmRSS"))
    return next((int(line[1]) / 1024 for line in lines), 0.0)
