"""The workers that analyse photos: what a pool needs of them, and the local processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from engine.indexing.analysis import handler_factory
from engine.jobs import CancelToken
from engine.jobs.machine import memory_bytes, usable_cores
from engine.jobs.worker_process import WorkerProcess
from engine.profiles.profile import Profile
from engine.settings import Settings

MEMORY_PER_WORKER_BYTES = 4 << 30
"""Memory of the machine for each worker; it leaves room for other programs."""
_MAX_WORKERS = 4


class AnalysisWorker(Protocol):
    """Answers one request at a time with models that it loads once. Used by one thread at a time,
    except ``close``."""

    @property
    def pid(self) -> int | None:
        """Number of its process; None while it has none."""

    def call(
        self, request: Any, *, cancel: CancelToken | None = None, path: Path | None = None
    ) -> Any:
        """The answer to an ``AnalysisRequest`` or ``OutlineRequest``.

        Raises:
            EngineError: as raised by ``engine.indexing.analysis``.
            WorkerUnavailable: the worker cannot be started; the request was not begun.
            WorkerCrashed, PhotoTimedOut, Cancelled: see ``WorkerProcess.call``.
            RuntimeError: after ``close``.
        """

    def close(self) -> None:
        """End the process. A call that is waiting raises ``Cancelled``."""


CreateWorkers = Callable[[Profile, Settings], Sequence[AnalysisWorker]]
"""Creates the workers of a pool; no process has to start before its first request."""


def local_workers(profile: Profile, settings: Settings) -> Sequence[AnalysisWorker]:
    """Child processes of this one, each with an equal share of the cores."""
    count = worker_count(profile, settings)
    return [
        WorkerProcess(
            "photo analyst",
            handler_factory(profile),
            time_limit_s=photo_time_limit_s(profile, settings),
            threads=max(1, usable_cores() // count),
            background=True,
        )
        for _ in range(count)
    ]


def worker_count(profile: Profile, settings: Settings) -> int:
    """Number of workers on this computer: what the settings say, within the profile's bound."""
    workers = settings.workers or suitable_workers()
    return min(workers, profile.most_workers or workers)


def photo_time_limit_s(profile: Profile, settings: Settings) -> float:
    """Time limit for one photo in seconds; the profile may raise that of the settings."""
    return max(settings.photo_time_limit_s, profile.least_time_limit_s)


def suitable_workers() -> int:
    """Number of worker processes for this computer: one a core, limited by memory.

    Several workers with one thread each are faster than one worker with several: most of a
    photo's work is too small to be split, and threads that split it wait for each other when the
    machine is busy.
    """
    by_memory = memory_bytes() // MEMORY_PER_WORKER_BYTES
    return max(1, min(usable_cores(), by_memory, _MAX_WORKERS))
