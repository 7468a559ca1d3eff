"""Analysis workers that are actors of a Ray cluster."""

from __future__ import annotations

import functools
import math
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from engine.errors import EngineError, RayUnavailable, WorkerUnavailable
from engine.indexing.analysis import (
    Analysis,
    AnalysisRequest,
    Request,
    analysis_of,
    create_handler,
)
from engine.indexing.analysis_workers import (
    MEMORY_PER_WORKER_BYTES,
    AnalysisWorker,
    photo_time_limit_s,
    worker_count,
)
from engine.jobs import CancelToken
from engine.jobs.ray_cluster import RayCluster, RayNode
from engine.jobs.ray_worker import RayWorker
from engine.jobs.worker_child import Handler
from engine.jobs.worker_process import STARTING
from engine.profiles.profile import Profile
from engine.settings import Settings

NOT_HERE = "not here"
"""Answer of an actor that cannot read the photo under its path."""


@dataclass(frozen=True, slots=True)
class PhotoRequest:
    """A request to an actor.

    Attributes:
        content: the file's bytes; None if the actor is to read the file itself.
    """

    request: Request
    content: bytes | None = None


class RayAnalysisWorker:
    """An ``AnalysisWorker`` that sends a photo's bytes where its path does not lead to it."""

    def __init__(self, worker: RayWorker) -> None:
        self._worker = worker

    @property
    def pid(self) -> int | None:
        """See ``AnalysisWorker``."""
        return self._worker.pid

    def call(
        self,
        request: Request,
        *,
        cancel: CancelToken | None = None,
        path: Path | None = None,
    ) -> Any:
        """See ``AnalysisWorker``.

        Raises:
            OSError: the bytes were asked for, and the file cannot be read here either.
        """
        answer = self._worker.call(PhotoRequest(request), cancel=cancel, path=path)
        if answer == NOT_HERE:
            sent = PhotoRequest(request, request.path.read_bytes())
            answer = self._worker.call(sent, cancel=cancel, path=path)
        return answer

    def close(self) -> None:
        """See ``AnalysisWorker``."""
        self._worker.close()


def ray_workers(
    cluster: RayCluster, profile: Profile, settings: Settings
) -> Sequence[AnalysisWorker]:
    """Actors of the cluster: on this computer as many as the local way has processes, on others as
    many as their processors and memory allow, each with an equal share of its machine.

    Raises:
        RayUnavailable: no machine of the cluster has a processor to give.
    """
    factory = functools.partial(create_ray_handler, analysis_of(profile), _version())
    workers: list[AnalysisWorker] = []
    for node in cluster.nodes():
        count = worker_count(profile, settings) if cluster.local else _count(node, profile)
        for _ in range(count):
            worker = RayWorker(
                cluster,
                "photo analyst",
                factory,
                cpus=share(node.cpus, count),
                # Only profiles with a bound, whose models are large, use graphics cards.
                gpus=share(node.gpus, count) if profile.most_workers else 0.0,
                time_limit_s=photo_time_limit_s(profile, settings),
            )
            workers.append(RayAnalysisWorker(worker))
    if not workers:
        raise RayUnavailable(
            "No machine of the Ray cluster has processors to give.",
            operation=STARTING,
            hint="Add machines to the cluster: ray start --address=HOST:PORT",
        )
    return workers


def _count(node: RayNode, profile: Profile) -> int:
    """Number of actors on a machine; 0 if it has no processors to give, as a head node may."""
    count = min(int(node.cpus), max(1, node.memory_bytes // MEMORY_PER_WORKER_BYTES))
    return min(count, profile.most_workers or count)


def share(amount: float, count: int) -> float:
    """An equal share of processors or cards: whole ones, or a fraction of one, as Ray demands."""
    return float(amount // count) if amount >= count else math.floor(1000 * amount / count) / 1000


def create_ray_handler(analysis: Analysis, version: str) -> Handler:
    """Create the request handler; called in the actor's process.

    Raises:
        WorkerUnavailable: this machine has another version of Pickout than ``version``, whose
            vectors may differ.
    """
    if version != _version():
        raise WorkerUnavailable(
            f"{platform.node()} has another version of Pickout ({_version()}, not {version}).",
            operation=STARTING,
            hint="Install the same version on every machine of the Ray cluster.",
        )
    handle = create_handler(analysis)

    def handle_request(sent: PhotoRequest) -> Any:
        if sent.content is None and not _is_here(sent.request):
            return NOT_HERE
        try:
            return handle(sent.request, sent.content)
        except EngineError as error:
            error.path = error.path or sent.request.path
            raise

    return handle_request


def _version() -> str:
    """Version of Pickout; empty if it runs without being installed."""
    try:
        return metadata.version("pickout")
    except metadata.PackageNotFoundError:
        return ""


def _is_here(request: Request) -> bool:
    """Whether the path leads to the photo on this machine, and not to another version of it."""
    try:
        stat = request.path.stat()
    except OSError:
        return False
    if isinstance(request, AnalysisRequest):
        version = request.version
        if (stat.st_size, stat.st_mtime_ns) != (version.size_bytes, version.mtime_ns):
            return False
    return os.access(request.path, os.R_OK)
