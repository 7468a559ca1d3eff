"""The process of one language model: started, retried, replaced and given up."""

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
from engine.reranking.answer_worker import AnswerReply, AnswerRequest, serving
from engine.reranking.llama_session import LOADING, SessionSettings
from engine.reranking.model_selection import VisionLanguageModel

log = logging.getLogger(__name__)

OPERATION = "taking a second look"
MOST_RESTARTS = 3
"""Deaths after which the model is left alone; so many good answers in a row forgive them."""
FORGIVING_ANSWERS = 20
GROWTH_LIMIT_BYTES = 150 << 20
"""A process that grew by so much since its second answer leaks, and makes room for a fresh one."""
UNRESPONSIVE_LIMIT_S = 15.0
"""A process none of whose threads has run for so long is killed."""
_START_LIMIT_S = 900.0
"""Ten gigabytes from a slow disk."""


@dataclass(frozen=True)
class ModelRun:
    """A model and how it is run.

    Attributes:
        where: the same for people ("processor, 4 threads").
    """

    model: VisionLanguageModel
    session: SessionSettings
    where: str


class ModelProcess:
    """Answers of one model. The process starts with the first one that is asked for.

    One thread asks; ``close`` and ``pid`` are for any.

    Args:
        log_path: what native code prints goes there.
    """

    def __init__(self, run: ModelRun, log_path: Path) -> None:
        self.run = run
        self._log_path = log_path
        self._worker = CancellableWorker(
            f"process of {run.model.title}",
            serving(run.model, run.session),
            time_limit_s=_START_LIMIT_S,
            start_limit_s=_START_LIMIT_S,
            threads=run.session.threads,
            log_path=log_path,
            unresponsive_limit_s=UNRESPONSIVE_LIMIT_S,
        )
        self._lock = threading.Lock()
        self._idle: threading.Timer | None = None
        self._closed = False
        self._deaths = self._answers = 0
        self._level: tuple[int | None, int, int] = (None, 0, 0)

    @property
    def pid(self) -> int | None:
        """None while there is no process."""
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
        """Blocks until the model has answered, at most ``limit_s`` once it is loaded.

        Args:
            path: of the photo, for errors.
            idle_s: the process ends when nothing was asked of it for so long.
            on_unresponsive: see ``CancellableWorker``.

        Raises:
            RerankerUnavailable: there is no use in asking again.
            EngineError: as the names say; another photo may be answered.
            Cancelled: the process stays.
        """
        self._stop_clock()
        self._worker.on_unresponsive = on_unresponsive
        try:
            reply = self._answered(request, cancel, path, limit_s)
        finally:
            self._start_clock(idle_s)
        self._answers += 1
        if self._answers >= FORGIVING_ANSWERS:
            self._deaths = 0
        self._replace_if_grown(reply)
        return reply

    def close(self) -> None:
        """End the process; an answer that is waited for ends as cancelled."""
        with self._lock:
            self._closed = True
        self._stop_clock()
        self._worker.close()

    def _answered(
        self, request: AnswerRequest, cancel: CancelToken, path: Path, limit_s: float
    ) -> AnswerReply:
        """A death is followed by one more try with the same photo, which may be innocent."""
        for last in (False, True):
            self._refuse_if_hopeless()
            try:
                return self._worker.call(request, cancel=cancel, time_limit_s=limit_s, path=path)
            except (ModelBroken, ModelMissing) as error:
                if error.operation == LOADING:
                    raise unavailable(error) from error
                raise
            except WorkerCrashed as error:
                self._deaths += 1
                self._answers = 0
                log.info("%s died (%d): %s", self.run.model.name, self._deaths, error)
                if error.operation == STARTING:
                    raise unavailable(error) from error
                if last:
                    raise
        raise AssertionError("the second try ends the loop")

    def _refuse_if_hopeless(self) -> None:
        if self._deaths > MOST_RESTARTS:
            raise RerankerUnavailable(
                f"{self.run.model.title} stopped {self._deaths} times and is not started again.",
                operation=OPERATION,
                path=self._log_path,
                hint="The computer may be short of memory: choose a smaller model, or start "
                "Pickout again.",
            )

    def _replace_if_grown(self, reply: AnswerReply) -> None:
        pid, answers, level = self._level
        if pid != self.pid:
            pid, answers, level = self.pid, 0, 0
        answers += 1
        if answers == 2:  # with the first one it still sets itself up
            level = reply.memory_bytes
        self._level = (pid, answers, level)
        if answers > 2 and reply.memory_bytes - level > GROWTH_LIMIT_BYTES:
            log.info("%s grew to %d bytes and is replaced", self.run.model.name, reply.memory_bytes)
            self._worker.stop_child()

    def _start_clock(self, idle_s: float) -> None:
        with self._lock:
            if not self._closed:
                self._idle = threading.Timer(idle_s, self._worker.rest)
                self._idle.name, self._idle.daemon = "pickout-second-look-idle", True
                self._idle.start()

    def _stop_clock(self) -> None:
        with self._lock:
            clock, self._idle = self._idle, None
        if clock is not None:
            clock.cancel()
            clock.join()


def unavailable(error: EngineError) -> RerankerUnavailable:
    """The same, as something that no other photo would change."""
    if isinstance(error, RerankerUnavailable):
        return error
    return RerankerUnavailable(error.message, operation=OPERATION, path=error.path, hint=error.hint)
