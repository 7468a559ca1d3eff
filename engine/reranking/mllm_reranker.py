"""The reranker of one library: chooses the language model, its settings and its process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import EngineError, RerankerUnavailable
from engine.jobs import CancelToken, JobContext, Progress
from engine.jobs.machine import usable_cores
from engine.paths import models_dir
from engine.records import RerankerInfo
from engine.reranking import calibration, llama_runtime, model_selection
from engine.reranking.answer_worker import AnswerReply, AnswerRequest
from engine.reranking.letterbox import SIDES_PX
from engine.reranking.mllm_verifier import MllmVerifier
from engine.reranking.model_process import OPERATION, ModelProcess, ModelRun, unavailable
from engine.reranking.model_selection import VisionLanguageModel
from engine.reranking.session_settings import SessionSettings
from engine.scoring.model_answer import AnswerCache
from engine.settings import Settings
from engine.weights.model_store import ModelStore

_UNRESPONSIVE = (
    "The language model is not responding at the moment; the hits are complete without it."
)


class MllmReranker:
    """A ``Reranker`` with a local vision language model in a child process.

    Args:
        settings: read for every search, so that a change takes effect with the next one.
        log_path: receives what native code prints.
        answer_cache: stores the model's answers.
        model_store: None for this computer's.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        log_path: Path,
        answer_cache: AnswerCache,
        model_store: ModelStore | None = None,
    ) -> None:
        self._settings = settings
        self._log_path = log_path
        self._answer_cache = answer_cache
        self._model_store = model_store
        self._lock = threading.Lock()
        self._chosen: tuple[Any, ModelRun] | None = None
        self._process: ModelProcess | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Of the model's process; None while there is none."""
        process = self._process
        return process.pid if process is not None else None

    def info(self) -> RerankerInfo:
        """See ``Reranker``."""
        try:
            run = self._choose()
            calibrated = calibration.load(run.model.folder).measured
        except EngineError as error:
            return RerankerInfo(problem=error.message, hint=error.hint or "")
        return RerankerInfo(run.model.name, run.model.title, run.where, calibrated=calibrated)

    def verifier(self, context: JobContext, set_note: Callable[[str], None]) -> MllmVerifier:
        """See ``Reranker``. The model is loaded when an answer is not in the cache.

        Raises:
            RerankerUnavailable: for every failure.
        """
        try:
            run = self._choose()
            model_calibration = calibration.load(run.model.folder)
        except EngineError as error:
            raise unavailable(error) from error
        process, settings = self._process_of(run), self._settings()

        def ask(request: AnswerRequest, cancel: CancelToken, path: Path) -> AnswerReply:
            if process.pid is None:
                context.report(Progress(f"Loading {run.model.title}"))
                set_note(f"{run.model.title} is getting ready. That may take a minute.")
            return process.ask(
                request,
                cancel,
                path,
                limit_s=settings.second_look_time_limit_s,
                idle_s=settings.second_look_idle_minutes * 60,
                on_unresponsive=lambda unresponsive: set_note(
                    _UNRESPONSIVE if unresponsive else ""
                ),
            )

        return MllmVerifier(
            run.model, run.session.side_px, model_calibration, self._answer_cache, ask
        )

    def close(self) -> None:
        """See ``Reranker``."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        if process is not None:
            process.close()

    def _choose(self) -> ModelRun:
        """The model to use and its settings; cached until either may have changed.

        Raises:
            EngineError: no model is installed, or llama-cpp-python is not.
        """
        settings = self._settings()
        if not llama_runtime.is_installed():
            raise RerankerUnavailable(
                "The second look needs llama-cpp-python, which is not installed.",
                operation=OPERATION,
                hint=llama_runtime.HOW_TO_ADD,
            )
        # Every search calls this, and reading the catalogue takes longest.
        root = self._model_store.root if self._model_store is not None else models_dir()
        stamp = (settings, root, _changed_at(root))
        chosen = self._chosen
        if chosen is not None and chosen[0] == stamp and _files_exist(chosen[1].model):
            return chosen[1]
        model = model_selection.choose(
            self._model_store or ModelStore(root), settings.second_look_model
        )
        run = ModelRun(model, *_session_and_where(settings))
        self._chosen = (stamp, run)
        return run

    def _process_of(self, run: ModelRun) -> ModelProcess:
        """The process for this model and settings. Another one is ended: it holds gigabytes."""
        with self._lock:
            if self._closed:
                raise RerankerUnavailable("The library is closed.", operation=OPERATION)
            previous = self._process
            if previous is not None and previous.run == run:
                return previous
            process = self._process = ModelProcess(run, self._log_path)
        if previous is not None:
            previous.close()
        return process


def _session_and_where(settings: Settings) -> tuple[SessionSettings, str]:
    threads = settings.second_look_threads or max(1, usable_cores() - 1)
    layers = settings.second_look_gpu_layers if llama_runtime.uses_graphics_card() else 0
    wanted_px = settings.second_look_picture_px or SIDES_PX[-1 if layers else 0]
    side_px = min(SIDES_PX, key=lambda side: abs(side - wanted_px))
    where = f"processor, {threads} thread{'' if threads == 1 else 's'}"
    if layers:
        where = "graphics card" if layers < 0 else f"{layers} layers on the graphics card, {where}"
    return SessionSettings(side_px, threads, layers), where


def _changed_at(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _files_exist(model: VisionLanguageModel) -> bool:
    return model.language_file.is_file() and model.vision_file.is_file()
