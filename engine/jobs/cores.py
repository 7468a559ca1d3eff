"""Processor cores that this process may use."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """At least one; fewer than the machine has where somebody limited them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
