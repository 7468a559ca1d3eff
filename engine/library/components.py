"""The working parts of one open library, and the order in which they start and end."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.decode.photo_pixels import PhotoPixels
from engine.decode.process import DecoderProcess
from engine.errors import BadRequest
from engine.indexing.analysis_workers import local_workers
from engine.indexing.folder_scan import FolderScan
from engine.indexing.indexer_pool import IndexerPool
from engine.indexing.pause_control import PauseControl
from engine.indexing.profile_setting import ProfileSetting
from engine.indexing.ray_analysis import ray_workers
from engine.jobs import Job, JobContext, Lane
from engine.jobs.ray_cluster import RayCluster
from engine.library.backend import Backend
from engine.library.change_log import ChangeLog
from engine.library.index_check import IndexCheck
from engine.profiles.profile import Profile
from engine.records import SearchResult
from engine.reranking.mllm_reranker import MllmReranker
from engine.scoring.reranker import Reranker
from engine.search.active_profile import ActiveProfile, ProfileRuntime
from engine.search.query_reader import QueryReader
from engine.search.service import SearchService

log = logging.getLogger(__name__)

_POLL_S = 0.02
_YIELD_LIMIT_S = 1.0
"""Longest wait for a search before a few more megabytes are read: one with a language model takes
minutes."""


@dataclass(frozen=True)
class Lanes:
    """The threads that run a library's jobs, each its own jobs in order."""

    index: Lane = field(default_factory=lambda: Lane("index"))
    search: Lane = field(default_factory=lambda: Lane("search"))
    io: Lane = field(default_factory=lambda: Lane("io"))
    check: Lane = field(default_factory=lambda: Lane("check"))
    backup: Lane = field(default_factory=lambda: Lane("backup"))
    models: Lane = field(default_factory=lambda: Lane("models"))


class LibraryComponents:
    """Built from an open store; the groups of ``Library`` share them. Thread-safe.

    Nothing is loaded and no process starts before it is needed.
    """

    def __init__(
        self,
        backend: Backend,
        profile: Profile,
        profile_setting: ProfileSetting,
        reranker: Reranker | None = None,
        ray: RayCluster | None = None,
    ) -> None:
        """Build them.

        Args:
            reranker: None for the language model that the settings name.
            ray: analyses the photos; None for child processes.
        """
        self._backend = backend
        self.paths = paths = backend.paths
        self.store = store = backend.store
        self.profile_setting = profile_setting
        self.reranker = reranker or MllmReranker(
            lambda: profile_setting.settings, paths.second_look_log, store.model_answers
        )
        self.change_log = ChangeLog()
        self.lanes = Lanes()
        self.thumbnails = backend.thumbnails
        self.decoder = DecoderProcess()
        self.pixels = PhotoPixels(self.decoder, self.thumbnails)
        self._query_reader = QueryReader()
        self.active_profile = ActiveProfile(self._build_runtime, profile)
        self.pause_control = PauseControl(lambda: profile_setting.settings)
        self.indexer_pool = IndexerPool(
            self.active_profile,
            store,
            self.thumbnails,
            profile_setting.settings,
            functools.partial(ray_workers, ray) if ray is not None else local_workers,
            search_is_waiting=self._search_is_waiting,
            on_change=self.change_log.record,
            pause_control=self.pause_control,
        )
        self.index_check = IndexCheck(
            self.active_profile, self.lanes.check, self.lanes.index, self.give_way
        )
        self.folder_scan = FolderScan(store, self.thumbnails, paths.root)
        self.latest_search: Job[SearchResult] | None = None

    @property
    def profile_id(self) -> int:
        """Number of the active profile in the store."""
        return self.active_profile.current.profile_id

    def refuse_if_read_only(self, operation: str) -> None:
        """Raises:
        BadRequest: the library was opened for reading only.
        """
        if self.store.read_only:
            raise BadRequest(
                "This library is open for reading only.",
                operation=operation,
                path=self.paths.root,
                hint="Close the other Pickout that is using it, and open it again.",
            )

    def close(self, timeout_s: float, stop_watching: Callable[[float], None]) -> None:
        """End the watcher, cancel all jobs, end child processes, checkpoint the store."""
        deadline = time.monotonic() + timeout_s
        stop_watching(timeout_s)
        own = self.lanes
        lanes = (own.index, own.io, own.check, own.backup, own.models, own.search)
        for lane in lanes:
            lane.close(timeout_s=0)  # cancels; the waiting comes below, for all at once
        self.pause_control.resume()
        ended = [lane.close(max(0.0, deadline - time.monotonic())) for lane in lanes]
        self.indexer_pool.close()
        self.reranker.close()
        self.decoder.close()
        if not all(
            ended
        ):  # the child processes have ended, and with them the calls that waited for them
            ended = [lane.close(1.0) for lane in lanes]
        if not all(ended):
            log.warning("a job was still busy when the library was closed")
        self.active_profile.close()
        self.thumbnails.close()
        self.store.close()

    def give_way(self, context: JobContext) -> None:
        """Wait while a search waits, at most ``_YIELD_LIMIT_S``. Work that reads gigabytes calls it
        every few milliseconds.

        Raises:
            Cancelled: the job was cancelled.
        """
        waited_s = 0.0
        context.cancel.raise_if_set()
        while self._search_is_waiting() and waited_s < _YIELD_LIMIT_S:
            context.cancel.wait(_POLL_S)
            context.cancel.raise_if_set()
            waited_s += _POLL_S

    def _build_runtime(self, profile: Profile) -> ProfileRuntime:
        """Index and search of a profile; nothing is loaded yet."""
        profile_id = self.store.profile_id(profile.key, profile.ndim, profile.name)
        index = self._backend.index(profile, profile_id)
        search = SearchService(
            self.store,
            index,
            profile,
            self.pixels.read_or_thumbnail,
            self.reranker,
            # The pool is built after the first runtime, so it is looked up when it is called.
            lambda photo, box, cancel: self.indexer_pool.outline(photo, box, cancel),  # noqa: PLW0108
            self._query_reader,
        )
        return ProfileRuntime(profile, profile_id, index, search)

    def _search_is_waiting(self) -> bool:
        """Whether a search waits for hits or verdicts; indexing then pauses, because models that
        all use every core only slow each other down."""
        job = self.latest_search
        if job is None or job.ended:
            return False
        return job.partial is None or job.partial.to_look_at > 0
