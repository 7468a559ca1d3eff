"""Peak resident memory of this process and its descendants."""

from __future__ import annotations

import threading

import psutil

_SAMPLE_S = 0.05
_SAMPLES_A_LISTING = 10
"""The descendants are listed only every so many samples, because listing takes longer."""


class PeakMemory:
    """A context manager that samples memory in a thread of its own while its body runs.

    Attributes:
        peak_bytes: highest sum of the resident memory of this process and its descendants at one
            moment; memory that they share counts once for each. None before the first sample.
    """

    def __init__(self) -> None:
        self.peak_bytes: int | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="pickout-memory", daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        this, samples = psutil.Process(), 0
        processes: list[psutil.Process] = []
        while True:
            if samples % _SAMPLES_A_LISTING == 0:
                processes = [this, *this.children(recursive=True)]
            samples += 1
            self.peak_bytes = max(sum(map(resident_bytes, processes)), self.peak_bytes or 0)
            if self._stop.wait(_SAMPLE_S):
                return


def resident_bytes(process: psutil.Process) -> int:
    """Resident memory of one process; 0 if it has ended."""
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0
