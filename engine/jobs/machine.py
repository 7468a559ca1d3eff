"""Processor cores and memory of this computer."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Number of processor cores that this process may run on, at least 1.

    Fewer than the machine has if the CPU affinity of the process is limited.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes() -> int:
    """Total memory of this machine in bytes, used or free."""
    import psutil

    return int(psutil.virtual_memory().total)
