"""Processor cores, memory and power of this computer."""

from __future__ import annotations

import os
import time
from typing import NamedTuple


def usable_cores() -> int:
    """Number of processor cores that this process may run on, at least 1.

    Fewer than the machine has if the CPU affinity of the process is limited.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return cores()


def cores() -> int:
    """Number of processor cores of this computer, at least 1."""
    return os.cpu_count() or 1


def memory_bytes() -> int:
    """Total memory of this machine in bytes, used or free."""
    import psutil

    return int(psutil.virtual_memory().total)


def battery_percent() -> float | None:
    """Charge of the battery, 0..100, if this computer runs on it; None with mains power, without
    a battery, or where the system does not tell."""
    import psutil

    try:
        battery = psutil.sensors_battery()
    except (AttributeError, OSError, RuntimeError):  # some systems have no such call
        return None
    if battery is None or battery.power_plugged is not False:
        return None
    return float(battery.percent)


class ProcessorTimes(NamedTuple):
    """Seconds of processor time that were spent until now.

    Attributes:
        at_s: monotonic time of the reading.
        all_s: by all programs, on all cores.
        own_s: by this process and the processes that it started and that still run.
    """

    at_s: float
    all_s: float
    own_s: float


def processor_times() -> ProcessorTimes:
    """A reading of now. It takes milliseconds."""
    import psutil

    every = psutil.cpu_times()
    own, process = 0.0, psutil.Process()
    for one in (process, *process.children(recursive=True)):
        try:
            times = one.cpu_times()
        except psutil.Error:  # ended meanwhile
            continue
        own += times.user + times.system
    unused = every.idle + getattr(every, "iowait", 0.0)
    # A guest's time is counted in its host's, which is among the users'.
    twice = getattr(every, "guest", 0.0) + getattr(every, "guest_nice", 0.0)
    return ProcessorTimes(time.monotonic(), sum(every) - unused - twice, own)
