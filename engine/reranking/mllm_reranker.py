"""The second look of one library: which language model takes it, and how it is run."""

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
from engine.reranking.llama_session import SessionSettings
from engine.reranking.mllm_verifier import MllmVerifier
from engine.reranking.model_process import OPERATION, ModelProcess, ModelRun, unavailable
from engine.reranking.model_selection import VisionLanguageModel
from engine.scoring.model_answer import AnswerCache
from engine.settings import Settings
from engine.weights.model_store import ModelStore

_SILENT = "The language model is not responding at the moment; the hits are complete without it."


class MllmReranker:
    """A ``Reranker``: a local language model that sees, in a process of its own. Nothing of it
    touches hits.

    Args:
        settings: asked anew for every search, so that a change takes effect with the next one.
        log_path: what native code prints goes there.
        memory: keeps answers.
        shelf: None for this computer's models.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        log_path: Path,
        memory: AnswerCache,
        model_store: ModelStore | None = None,
    ) -> None:
        self._settings = settings
        self._log_path = log_path
        self._memory = memory
        self._model_store = model_store
        self._lock = threading.Lock()
        self._known: tuple[Any, ModelRun] | None = None
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

    def verifier(self, context: JobContext, tell: Callable[[str], None]) -> MllmVerifier:
        """See ``Reranker``; every failure is a RerankerUnavailable. The model is loaded when
        a photo comes that it was never asked of."""
        try:
            run = self._choose()
            judged_by = calibration.load(run.model.folder)
        except EngineError as error:
            raise unavailable(error) from error
        process, settings = self._process_of(run), self._settings()

        def ask(request: AnswerRequest, cancel: CancelToken, path: Path) -> AnswerReply:
            if process.pid is None:
                context.report(Progress(f"Loading {run.model.title}"))
                tell(f"{run.model.title} is getting ready. That may take a minute.")
            return process.ask(
                request,
                cancel,
                path,
                limit_s=settings.second_look_time_limit_s,
                idle_s=settings.second_look_idle_minutes * 60,
                on_unresponsive=lambda silent: tell(_SILENT if silent else ""),
            )

        return MllmVerifier(run.model, run.session.side_px, judged_by, self._memory, ask)

    def close(self) -> None:
        """See ``Reranker``."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        if process is not None:
            process.close()

    def _choose(self) -> ModelRun:
        """Raises:
        EngineError: there is no model, or nothing to run it with.
        """
        settings = self._settings()
        if not llama_runtime.is_installed():
            raise RerankerUnavailable(
                "The second look needs llama-cpp-python, which is not installed.",
                operation=OPERATION,
                hint=llama_runtime.HOW_TO_ADD,
            )
        # Reading the catalogue takes longer than the rest, and every search comes here.
        root = self._model_store.root if self._model_store is not None else models_dir()
        stamp = (settings, root, _changed_at(root))
        known = self._known
        if known is not None and known[0] == stamp and _files_are_there(known[1].model):
            return known[1]
        model = model_selection.choose(
            self._model_store or ModelStore(root), settings.second_look_model
        )
        run = ModelRun(model, *_session_and_where(settings))
        self._known = (stamp, run)
        return run

    def _process_of(self, run: ModelRun) -> ModelProcess:
        """That of this model, run like this; another one is ended, it takes gigabytes."""
        with self._lock:
            if self._closed:
                raise RerankerUnavailable("The library is closed.", operation=OPERATION)
            before = self._process
            if before is not None and before.run == run:
                return before
            process = self._process = ModelProcess(run, self._log_path)
        if before is not None:
            before.close()
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


def _files_are_there(model: VisionLanguageModel) -> bool:
    return model.language_file.is_file() and model.vision_file.is_file()
