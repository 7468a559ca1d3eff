"""Resident memory of this process and all that it started, while something runs."""

from __future__ import annotations

import threading

import psutil

_SAMPLE_S = 0.05
_FAMILY_SAMPLES = 10
"""Looking up who belongs to the family takes longer: children are started and end."""


class PeakMemory:
    """A context manager that measures what goes on inside it, in a thread of its own.

    Attributes:
        peak_bytes: highest sum, at one moment, of the resident memory of this process and its
            descendants; memory that they share counts in each. None before the first sample.
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
        this, family, samples = psutil.Process(), [], 0
        while True:
            if samples % _FAMILY_SAMPLES == 0:
                family = [this, *this.children(recursive=True)]
            samples += 1
            self.peak_bytes = max(sum(map(resident_bytes, family)), self.peak_bytes or 0)
            if self._over.wait(_SAMPLE_S):
                return


def resident_bytes(process: psutil.Process) -> int:
    """Memory of one process that is in RAM; 0 once it has ended."""
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0
