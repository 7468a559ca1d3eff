"""Downloads, imports, verifies and removes models; changes the profile of the library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from desktop_app.bridge.background_calls import BackgroundCalls
from desktop_app.bridge.job_watcher import JobWatcher, WatchedJob
from engine.errors import EngineError
from engine.jobs import Job
from engine.records import ComputerInfo, KeptProfile, ModelInfo, ProfileInfo

if TYPE_CHECKING:
    from engine.library import Library


@dataclass(frozen=True)
class ModelList:
    """All models and profiles, and what the computer has for them."""

    models: tuple[ModelInfo, ...]
    profiles: tuple[ProfileInfo, ...]
    kept: tuple[KeptProfile, ...]
    computer: ComputerInfo


class ModelsController(QObject):
    """Work on models. Keys of jobs are names of models or profiles, and may be empty.

    Signals:
        listed(ModelList): answer of ``refresh``.
        progressed(key, Progress): a job goes on.
        succeeded(key, name of the job, result), failed(key, EngineError), cancelled(key): its end.
        changing(name of the profile): a change to it has been requested.
        changed(): another profile is requested, or none.
    """

    listed = Signal(object)
    progressed = Signal(str, object)
    succeeded = Signal(str, str, object)
    failed = Signal(str, object)
    cancelled = Signal(str)
    changing = Signal(str)
    changed = Signal()

    def __init__(
        self,
        library: Library,
        jobs: JobWatcher,
        reads: BackgroundCalls,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._library, self._jobs, self._reads = library, jobs, reads
        self._running: dict[str, WatchedJob] = {}

    @property
    def running(self) -> frozenset[str]:
        """Keys of the jobs that have not ended."""
        return frozenset(self._running)

    def refresh(self) -> None:
        """Read the list of models and profiles."""
        self._reads.call(self._read, self.listed.emit, partial(self._call_failed, ""))

    def _read(self) -> ModelList:
        library = self._library
        return ModelList(
            library.model_files.all(),
            library.models.available(),
            library.models.kept(),
            library.model_files.computer(),
        )

    # -- model files -----------------------------------------------------------------------

    def download(self, name: str) -> None:
        """Download a model, or go on with it."""
        self._start(name, self._library.model_files.download(name))

    def import_files(self, paths: Sequence[Path], name: str = "") -> None:
        """Import the files of a model; without a name the engine finds out which it is."""
        self._start(name, self._library.model_files.import_files(paths, name))

    def verify(self, name: str) -> None:
        """Compare a model's files with what was installed."""
        self._start(name, self._library.model_files.verify(name))

    def remove(self, name: str) -> None:
        """Delete a model, or what was received of it."""
        self._start(name, self._library.model_files.remove(name))

    def use_for_reranking(self, name: str) -> None:
        """Make a language model the one that reranks."""
        values = {"second_look_model": name}
        self._call(
            name,
            lambda: self._library.change_settings(values),
            lambda _: self.succeeded.emit(name, "use model", None),
        )

    def cancel(self, key: str) -> None:
        """Cancel the job of a model or profile, if one runs."""
        if key in self._running:
            self._running[key].cancel()

    # -- profiles --------------------------------------------------------------------------

    def estimate_change(self, profile: str) -> None:
        """Find out what a change costs: a job whose result is a ``ProfileCost``."""
        self._call(
            profile,
            lambda: self._library.models.change_cost(profile),
            partial(self._start, profile),
        )

    def change(self, profile: str) -> None:
        """Index all photos with another profile, then let it answer."""
        self._call(
            profile,
            lambda: self._library.models.change(profile),
            lambda _: self.changing.emit(profile),
        )

    def cancel_change(self) -> None:
        """Keep the active profile."""
        self._call("", self._library.models.cancel_change, lambda _: self.changed.emit())

    def forget(self, profile: str) -> None:
        """Delete what a profile that is not in use has found."""
        self._call(
            profile, lambda: self._library.models.delete(profile), partial(self._start, profile)
        )

    # -- jobs ------------------------------------------------------------------------------

    def _call(self, key: str, work: Callable[[], Any], done: Callable[[Any], Any]) -> None:
        self._reads.call(work, done, partial(self._call_failed, key))

    def _call_failed(self, key: str, error: BaseException) -> None:
        if not isinstance(error, EngineError):
            raise error
        self.failed.emit(key, error)

    def _start(self, key: str, job: Job[Any]) -> None:
        watched = self._running[key] = self._jobs.watch(job)
        watched.progressed.connect(partial(self.progressed.emit, key))
        watched.succeeded.connect(partial(self._succeeded, key, job.name))
        watched.failed.connect(partial(self._failed, key))
        watched.cancelled.connect(partial(self._cancelled, key))
        self.progressed.emit(key, job.progress)

    def _succeeded(self, key: str, job_name: str, result: Any) -> None:
        del self._running[key]
        self.succeeded.emit(key, job_name, result)

    def _failed(self, key: str, error: BaseException) -> None:
        del self._running[key]
        self._call_failed(key, error)

    def _cancelled(self, key: str) -> None:
        del self._running[key]
        self.cancelled.emit(key)
