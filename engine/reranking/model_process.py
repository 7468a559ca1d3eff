"""The child process of one language model: start, retry after a crash, restart, idle shutdown."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import (
    EngineError,
    ModelBroken,
    ModelMissing,
    RerankerUnavailable,
    WorkerCrashed,
)
from engine.jobs import CancelToken
from engine.jobs.cancellable_worker import CancellableWorker
from engine.jobs.worker_process import STARTING
from engine.reranking.answer_worker import AnswerReply, AnswerRequest, handler_loader
from engine.reranking.llama_session import LOADING
from engine.reranking.model_selection import VisionLanguageModel
from engine.reranking.session_settings import SessionSettings

log = logging.getLogger(__name__)

OPERATION = "taking a second look"
MAX_RESTARTS = 3
"""Crashes after which the model is not started again."""
ANSWERS_TO_RESET_CRASHES = 20
"""So many answers in a row set the number of crashes back to 0."""
GROWTH_LIMIT_BYTES = 150 << 20
"""A process whose memory grew by more since its second answer leaks and is replaced."""
UNRESPONSIVE_LIMIT_S = 15.0
"""A process none of whose threads has run for so long is killed."""
_START_LIMIT_S = 900.0
"""Enough for ten gigabytes from a slow disk."""


@dataclass(frozen=True)
class ModelRun:
    """A model and how it is run.

    Attributes:
        where: the settings in words for people ("processor, 4 threads").
    """

    model: VisionLanguageModel
    session: SessionSettings
    where: str


class ModelProcess:
    """Asks one model in a child process, which starts with the first request.

    ``ask`` is called by one thread, ``close`` and ``pid`` by any.

    Args:
        log_path: receives what native code prints.
    """

    def __init__(self, run: ModelRun, log_path: Path) -> None:
        self.run = run
        self._log_path = log_path
        self._worker = CancellableWorker(
            f"process of {run.model.title}",
            handler_loader(run.model, run.session),
            time_limit_s=_START_LIMIT_S,
            start_limit_s=_START_LIMIT_S,
            threads=run.session.threads,
            log_path=log_path,
            unresponsive_limit_s=UNRESPONSIVE_LIMIT_S,
        )
        self._lock = threading.Lock()
        self._idle_timer: threading.Timer | None = None
        self._closed = False
        self._crashes = self._answers_in_a_row = 0
        # Process id, answers of that process, its memory in bytes at the second answer.
        self._memory_baseline: tuple[int | None, int, int] = (None, 0, 0)

    @property
    def pid(self) -> int | None:
        """Of the process; None while there is none."""
        return self._worker.pid

    def ask(
        self,
        request: AnswerRequest,
        cancel: CancelToken,
        path: Path,
        *,
        limit_s: float,
        idle_s: float,
        on_unresponsive: Callable[[bool], None],
    ) -> AnswerReply:
        """Ask the model; blocks until it has answered.

        Args:
            path: of the photo, for error messages.
            limit_s: time limit for the answer, without the time for loading the model.
            idle_s: the process ends after so long without a request.
            on_unresponsive: see ``CancellableWorker``.

        Raises:
            RerankerUnavailable: the model cannot answer about any photo.
            EngineError: it could not answer about this photo.
            Cancelled: ``cancel`` was set; the process keeps running.
        """
        self._cancel_idle_timer()
        self._worker.on_unresponsive = on_unresponsive
        try:
            reply = self._ask_with_retry(request, cancel, path, limit_s)
        finally:
            self._start_idle_timer(idle_s)
        self._answers_in_a_row += 1
        if self._answers_in_a_row >= ANSWERS_TO_RESET_CRASHES:
            self._crashes = 0
        self._restart_if_memory_grew(reply)
        return reply

    def close(self) -> None:
        """End the process; a pending ``ask`` raises Cancelled."""
        with self._lock:
            self._closed = True
        self._cancel_idle_timer()
        self._worker.close()

    def _ask_with_retry(
        self, request: AnswerRequest, cancel: CancelToken, path: Path, limit_s: float
    ) -> AnswerReply:
        """Ask, and after a crash once more: the photo may not be the cause."""
        for last in (False, True):
            self._raise_if_crashed_too_often()
            try:
                return self._worker.call(request, cancel=cancel, time_limit_s=limit_s, path=path)
            except (ModelBroken, ModelMissing) as error:
                if error.operation == LOADING:
                    raise unavailable(error) from error
                raise
            except WorkerCrashed as error:
                self._crashes += 1
                self._answers_in_a_row = 0
                log.info("%s died (%d): %s", self.run.model.name, self._crashes, error)
                if error.operation == STARTING:
                    raise unavailable(error) from error
                if last:
                    raise
        raise AssertionError("the second try ends the loop")

    def _raise_if_crashed_too_often(self) -> None:
        if self._crashes > MAX_RESTARTS:
            raise RerankerUnavailable(
                f"{self.run.model.title} stopped {self._crashes} times and is not started again.",
                operation=OPERATION,
                path=self._log_path,
                hint="The computer may be short of memory: choose a smaller model, or start "
                "Pickout again.",
            )

    def _restart_if_memory_grew(self, reply: AnswerReply) -> None:
        pid, answers, baseline = self._memory_baseline
        if pid != self.pid:
            pid, answers, baseline = self.pid, 0, 0
        answers += 1
        if answers == 2:  # buffers are still allocated during the first
            baseline = reply.memory_bytes
        self._memory_baseline = (pid, answers, baseline)
        if answers > 2 and reply.memory_bytes - baseline > GROWTH_LIMIT_BYTES:
            log.info("%s grew to %d bytes and is replaced", self.run.model.name, reply.memory_bytes)
            self._worker.stop_child()

    def _start_idle_timer(self, idle_s: float) -> None:
        with self._lock:
            if not self._closed:
                self._idle_timer = threading.Timer(idle_s, self._worker.stop_child)
                self._idle_timer.name, self._idle_timer.daemon = "pickout-second-look-idle", True
                self._idle_timer.start()

    def _cancel_idle_timer(self) -> None:
        with self._lock:
            timer, self._idle_timer = self._idle_timer, None
        if timer is not None:
            timer.cancel()
            timer.join()


def unavailable(error: EngineError) -> RerankerUnavailable:
    """The same error as a RerankerUnavailable, for errors that do not depend on the photo."""
    if isinstance(error, RerankerUnavailable):
        return error
    return RerankerUnavailable(error.message, operation=OPERATION, path=error.path, hint=error.hint)
