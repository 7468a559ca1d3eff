"""What this computer has for us."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Processor cores that this process may run on, at least one; fewer than the machine has
    where somebody limited them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes() -> int:
    """All memory that this machine has, used or free."""
    import psutil

    return psutil.virtual_memory().total
