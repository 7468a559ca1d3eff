"""Resident memory of this process and all that it started, while something runs."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

_SAMPLE_S = 0.05
_FAMILY_S = 0.5
"""How often it is looked up who belongs to the family: children are started and end."""
_PROC = Path("/proc")


class PeakMemory:
    """A context manager that measures what goes on inside it, in a thread of its own.

    Attributes:
        peak_bytes: highest sum, at one moment, of the resident memory of this process and its
            descendants; memory that they share counts in each. None where it cannot be told
            (Windows).
    """

    def __init__(self) -> None:
        self.peak_bytes: int | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="pickout-memory", daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        samples = 0
        family: list[int] = []
        has_proc = _PROC.joinpath("self", "statm").exists()
        while True:
            if not has_proc:
                total = _family_rss_by_ps()
            else:
                if samples % round(_FAMILY_S / _SAMPLE_S) == 0:
                    family = _family(_parents())
                total = sum(_rss_bytes(pid) for pid in family)
            samples += 1
            if total:
                self.peak_bytes = max(total, self.peak_bytes or 0)
            if self._over.wait(_SAMPLE_S if has_proc else _FAMILY_S):
                return


def _family(parent_of: dict[int, int]) -> list[int]:
    """This process and its descendants, given the parent of every process."""
    family = [os.getpid()]
    for pid in family:  # grows while it is walked
        family.extend(child for child, parent in parent_of.items() if parent == pid)
    return family


def _parents() -> dict[int, int]:
    found = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                # The name of the program, in brackets, may hold anything.
                fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
                found[int(entry.name)] = int(fields[1])
            except (OSError, IndexError):  # it has ended
                continue
    return found


def _rss_bytes(pid: int) -> int:
    try:
        pages = int((_PROC / str(pid) / "statm").read_text("ascii").split()[1])
    except (OSError, IndexError):  # it has ended
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _family_rss_by_ps() -> int | None:
    """As macOS tells it; None where there is no ``ps``."""
    try:
        said = subprocess.run(
            ["ps", "-axo", "pid=,ppid=,rss="], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    rows = [[int(number) for number in line.split()] for line in said.splitlines()]
    rss_kib = {pid: rss for pid, _, rss in rows}
    return 1024 * sum(rss_kib[pid] for pid in _family({pid: parent for pid, parent, _ in rows}))
