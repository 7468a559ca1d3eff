"""The second look of one library: which language model takes it, and the process it runs in."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import (
    EngineError,
    ModelBroken,
    ModelMissing,
    SecondLookUnavailable,
    WorkerCrashed,
)
from engine.jobs import CancelToken, JobContext, Progress
from engine.jobs.machine import usable_cores
from engine.jobs.patient_worker import PatientWorker
from engine.jobs.worker_process import STARTING
from engine.records import SecondLookInfo
from engine.second_look import calibration, models, runner
from engine.second_look.llama_session import LOADING, SessionSettings
from engine.second_look.look import LookMemory
from engine.second_look.looking import LookReply, LookRequest, serving
from engine.second_look.models import SecondLookModel
from engine.second_look.picture_frame import SIDES_PX
from engine.second_look.verifier import ModelVerifier
from engine.settings import Settings
from engine.weights.shelf import ModelShelf

log = logging.getLogger(__name__)

MOST_RESTARTS = 3
"""Deaths after which the model is left alone; so many good answers in a row forgive them."""
FORGIVING_ANSWERS = 20
GROWTH_LIMIT_BYTES = 150 << 20
"""A process that grew by so much since its second answer leaks, and makes room for a fresh one."""
SILENCE_LIMIT_S = 15.0
"""A process none of whose threads has run for so long is killed."""
_START_LIMIT_S = 900.0
"""Ten gigabytes from a slow disk."""
_OPERATION = "taking a second look"
_SILENT = "The language model is not responding at the moment; the hits are complete without it."


@dataclass(frozen=True)
class _Choice:
    """A model and how it is run."""

    model: SecondLookModel
    session: SessionSettings
    where: str


class LanguageModelLook:
    """A ``SecondLook``: a local language model that sees, in a process of its own.

    The process starts with the first verdict that is asked for, gives its memory back when nobody
    asked for a while, and is replaced if it dies or grows. Nothing of this touches hits.

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
        memory: LookMemory,
        shelf: ModelShelf | None = None,
    ) -> None:
        self._settings = settings
        self._log_path = log_path
        self._memory = memory
        self._shelf = shelf
        self._lock = threading.Lock()
        self._known: tuple[Any, _Choice] | None = None
        self._running: tuple[_Choice, PatientWorker] | None = None
        self._idle: threading.Timer | None = None
        self._closed = False
        self._deaths = self._answers = 0
        self._baseline: tuple[int | None, int, int] = (None, 0, 0)

    @property
    def pid(self) -> int | None:
        """Of the model's process; None while there is none."""
        running = self._running
        return running[1].pid if running is not None else None

    def info(self) -> SecondLookInfo:
        """See ``SecondLook``."""
        try:
            choice = self._choose()
            calibrated = calibration.load(choice.model.folder).measured
        except EngineError as error:
            return SecondLookInfo(problem=error.message, hint=error.hint or "")
        return SecondLookInfo(
            choice.model.name, choice.model.title, choice.where, calibrated=calibrated
        )

    def verifier(self, context: JobContext, tell: Callable[[str], None]) -> ModelVerifier:
        """See ``SecondLook``; every failure is a SecondLookUnavailable. The model is loaded when
        a photo comes that it was never asked of."""
        try:
            choice = self._choose()
            judged_by = calibration.load(choice.model.folder)
        except EngineError as error:
            raise _unavailable(error) from error
        worker = self._worker(choice)
        worker.on_silence = lambda silent: tell(_SILENT if silent else "")
        limit_s = self._settings().second_look_time_limit_s

        def ask(request: LookRequest, cancel: CancelToken, path: Path) -> LookReply:
            if worker.pid is None:
                context.report(Progress(f"Loading {choice.model.title}"))
                tell(f"{choice.model.title} is getting ready. That may take a minute.")
            return self._ask(choice, worker, request, cancel, path, limit_s)

        return ModelVerifier(choice.model, choice.session.side_px, judged_by, self._memory, ask)

    def close(self) -> None:
        """See ``SecondLook``."""
        with self._lock:
            self._closed = True
            running, self._running = self._running, None
        self._stop_clock()
        if running is not None:
            running[1].close()

    # -- choosing ----------------------------------------------------------------------------

    def _choose(self) -> _Choice:
        """Raises:
        EngineError: there is no model, or nothing to run it with.
        """
        settings = self._settings()
        if not runner.is_installed():
            raise SecondLookUnavailable(
                "The second look needs llama-cpp-python, which is not installed.",
                operation=_OPERATION,
                hint=runner.HOW_TO_ADD,
            )
        shelf = self._shelf or ModelShelf()
        stamp = (settings, shelf.root, _changed_at(shelf.root))
        known = self._known
        if known is not None and known[0] == stamp and _files_are_there(known[1].model):
            return known[1]
        model = models.choose(shelf, settings.second_look_model)
        choice = _Choice(model, *_how_to_run(settings))
        self._known = (stamp, choice)
        return choice

    # -- the process -------------------------------------------------------------------------

    def _worker(self, choice: _Choice) -> PatientWorker:
        """The one for this choice; that of another choice is ended."""
        with self._lock:
            if self._closed:
                raise SecondLookUnavailable("The library is closed.", operation=_OPERATION)
            running = self._running
            if running is not None and running[0] == choice:
                return running[1]
            worker = PatientWorker(
                f"process of {choice.model.title}",
                serving(choice.model, choice.session),
                time_limit_s=self._settings().second_look_time_limit_s,
                start_limit_s=_START_LIMIT_S,
                threads=choice.session.threads,
                log_path=self._log_path,
                silence_limit_s=SILENCE_LIMIT_S,
            )
            self._running = (choice, worker)
            self._deaths = self._answers = 0
        self._stop_clock()
        if running is not None:
            running[1].close()
        return worker

    def _ask(
        self,
        choice: _Choice,
        worker: PatientWorker,
        request: LookRequest,
        cancel: CancelToken,
        path: Path,
        limit_s: float,
    ) -> LookReply:
        """Raises:
        SecondLookUnavailable: there is no use in asking again.
        EngineError: as the names say; another photo may be answered.
        """
        self._stop_clock()
        try:
            reply = self._answered(choice, worker, request, cancel, path, limit_s)
        finally:
            self._start_clock(worker)
        self._answers += 1
        if self._answers >= FORGIVING_ANSWERS:
            self._deaths = 0
        self._replace_if_grown(worker, reply)
        return reply

    def _answered(
        self,
        choice: _Choice,
        worker: PatientWorker,
        request: LookRequest,
        cancel: CancelToken,
        path: Path,
        limit_s: float,
    ) -> LookReply:
        """A death is followed by one more try with the same photo, which may be innocent."""
        for last in (False, True):
            self._refuse_if_hopeless(choice)
            try:
                return worker.call(request, cancel=cancel, time_limit_s=limit_s, path=path)
            except (ModelBroken, ModelMissing) as error:
                if error.operation == LOADING:
                    raise _unavailable(error) from error
                raise
            except WorkerCrashed as error:
                self._deaths += 1
                self._answers = 0
                log.info("%s died (%d): %s", choice.model.name, self._deaths, error)
                if error.operation == STARTING:
                    raise _unavailable(error) from error
                if last:
                    raise
        raise AssertionError("the second try ends the loop")

    def _refuse_if_hopeless(self, choice: _Choice) -> None:
        if self._deaths > MOST_RESTARTS:
            raise SecondLookUnavailable(
                f"{choice.model.title} stopped {self._deaths} times and is not started again.",
                operation=_OPERATION,
                path=self._log_path,
                hint="The computer may be short of memory: choose a smaller model, or start "
                "Pickout again.",
            )

    def _replace_if_grown(self, worker: PatientWorker, reply: LookReply) -> None:
        pid, answers, level = self._baseline
        if pid != worker.pid:
            pid, answers, level = worker.pid, 0, 0
        answers += 1
        if answers == 2:  # with the first one it still sets itself up
            level = reply.memory_bytes
        self._baseline = (pid, answers, level)
        if answers > 2 and reply.memory_bytes - level > GROWTH_LIMIT_BYTES:
            log.info("the model's process grew to %d bytes and is replaced", reply.memory_bytes)
            worker.rest()

    def _start_clock(self, worker: PatientWorker) -> None:
        """End the process when nothing was asked of it for a while."""
        after_s = self._settings().second_look_idle_minutes * 60
        with self._lock:
            if self._closed or self._idle is not None:
                return
            self._idle = threading.Timer(after_s, worker.rest)
            self._idle.name, self._idle.daemon = "pickout-second-look-idle", True
            self._idle.start()

    def _stop_clock(self) -> None:
        with self._lock:
            clock, self._idle = self._idle, None
        if clock is not None:
            clock.cancel()
            clock.join()


def _how_to_run(settings: Settings) -> tuple[SessionSettings, str]:
    threads = settings.second_look_threads or max(1, usable_cores() - 1)
    layers = settings.second_look_gpu_layers if runner.uses_graphics_card() else 0
    side_px = settings.second_look_picture_px or SIDES_PX[-1 if layers else 0]
    where = f"processor, {threads} thread{'' if threads == 1 else 's'}"
    if layers:
        where = "graphics card" if layers < 0 else f"{layers} layers on the graphics card, {where}"
    return SessionSettings(side_px, threads, layers), where


def _changed_at(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _files_are_there(model: SecondLookModel) -> bool:
    return model.language_file.is_file() and model.vision_file.is_file()


def _unavailable(error: EngineError) -> SecondLookUnavailable:
    if isinstance(error, SecondLookUnavailable):
        return error
    return SecondLookUnavailable(
        error.message, operation=_OPERATION, path=error.path, hint=error.hint
    )
