"""What processes hold in memory (proc(5))."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

_KIB_PER_MB: Final = 1024


@dataclass(frozen=True, slots=True)
class Resident:
    """Resident memory of some processes, in MB of 2**20 bytes.

    ``together_mb`` has pages of a file once for all that map it, as many as one of them has: they
    share libraries. ``each_mb`` is the sum of what each is said to have, where those pages count as
    often as they are mapped.
    """

    together_mb: float
    each_mb: float


class _Mapping(NamedTuple):
    """A part of a process's memory: its file and place in that, "" for none; in KiB."""

    file: str
    resident: int
    anonymous: int


def resident(pids: Iterable[int]) -> Resident:
    """What processes hold; those that are gone hold nothing."""
    own, whole = 0, 0
    of_files: defaultdict[str, int] = defaultdict(int)
    for mapping in (mapping for pid in pids for mapping in _mappings(pid)):
        whole += mapping.resident
        if not mapping.file:
            own += mapping.resident
            continue
        own += mapping.anonymous  # what was written to is no longer the file's
        clean = mapping.resident - mapping.anonymous
        of_files[mapping.file] = max(of_files[mapping.file], clean)
    return Resident((own + sum(of_files.values())) / _KIB_PER_MB, whole / _KIB_PER_MB)


def _mappings(pid: int) -> Iterator[_Mapping]:
    try:
        lines = Path(f"/proc/{pid}/smaps").read_text().splitlines()
    except OSError:
        return
    file, kib = "", dict.fromkeys(("Rss", "Anonymous"), 0)
    for line in lines:
        word, _, rest = line.partition(" ")
        if not word.endswith(":"):  # 7f00-7f01 r-xp 0001f000 fe:00 1234 /lib/libc.so.6
            _, offset, device, inode, *_ = rest.split()
            file = "" if inode == "0" else f"{device} {inode} {offset}"
        elif word[:-1] in kib:
            kib[word[:-1]] = int(rest.split()[0])
        elif word == "VmFlags:":  # the last of each
            yield _Mapping(file, kib["Rss"], kib["Anonymous"])
