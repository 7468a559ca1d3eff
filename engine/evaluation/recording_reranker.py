"""A reranker that records each verification: photo, query, z-score, raw answer, duration."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.jobs import JobContext
from engine.jobs.cancel import CancelToken
from engine.records import Photo, PhotoId, RerankerInfo
from engine.scoring.model_answer import ModelAnswer, normalised_query
from engine.scoring.reranker import Reranker
from engine.scoring.verifier import Candidate, Verification, Verifier
from engine.settings import Settings


@dataclass(frozen=True, slots=True)
class RecordedVerification:
    """One photo that was verified for one query.

    Attributes:
        z_score: as in ``Candidate``.
        seconds: wall time, with decoding the photo and without loading the model.
        answered: False if the verifier raised an error.
    """

    photo: Photo
    query: str
    z_score: float
    seconds: float
    answered: bool


class RecordingAnswerCache:
    """An ``AnswerCache`` that stores every answer but never returns one from ``get``, so that the
    model is asked about each photo. Thread-safe."""

    def __init__(self) -> None:
        self._answers: dict[tuple[PhotoId, str], ModelAnswer] = {}
        self._lock = threading.Lock()

    def get(self, photo_id: PhotoId, query: str, model_key: str) -> ModelAnswer | None:
        """Always None."""
        return None

    def put(self, photo_id: PhotoId, query: str, model_key: str, answer: ModelAnswer) -> None:
        """Store the answer; a later one to the same query on the same photo replaces it."""
        with self._lock:
            self._answers[photo_id, normalised_query(query)] = answer

    def answer_of(self, verification: RecordedVerification) -> ModelAnswer | None:
        """The model's raw answer in this verification; None if it gave none."""
        key = verification.photo.id, normalised_query(verification.query)
        with self._lock:
            return self._answers.get(key)


class RecordingReranker:
    """A ``Reranker`` that hands all calls to another one and records them.

    Attributes:
        verifications: in the order in which they were made.
    """

    def __init__(self, reranker: Reranker) -> None:
        self.verifications: list[RecordedVerification] = []
        self._reranker = reranker

    def info(self) -> RerankerInfo:
        """See ``Reranker``."""
        return self._reranker.info()

    def verifier(self, context: JobContext, set_note: Callable[[str], None]) -> Verifier:
        """See ``Reranker``."""
        return _RecordingVerifier(self._reranker.verifier(context, set_note), self.verifications)

    def close(self) -> None:
        """See ``Reranker``."""
        self._reranker.close()


class _RecordingVerifier:
    """A ``Verifier`` that appends a record of each call, also of one that raises."""

    def __init__(self, verifier: Verifier, verifications: list[RecordedVerification]) -> None:
        self._verifier, self._verifications = verifier, verifications
        self.match_at, self.no_below = verifier.match_at, verifier.no_below

    def verify(self, query: str, candidate: Candidate, cancel: CancelToken) -> Verification:
        started_s = time.perf_counter()
        answered = False
        try:
            verification = self._verifier.verify(query, candidate, cancel)
            answered = True
            return verification
        finally:
            took_s = time.perf_counter() - started_s
            self._verifications.append(
                RecordedVerification(candidate.photo, query, candidate.z_score, took_s, answered)
            )


@contextlib.contextmanager
def recording_mllm_reranker(
    model: str = "", gpu_layers: int | None = None
) -> Iterator[tuple[RecordingReranker, RecordingAnswerCache]]:
    """The product's reranker with recording, and the cache with its raw answers; closed at the end.

    Args:
        model: as the setting ``second_look_model``.
        gpu_layers: as the setting ``second_look_gpu_layers``; None for its default.
    """
    from engine.reranking.mllm_reranker import MllmReranker

    settings = Settings(second_look_model=model)
    if gpu_layers is not None:
        settings = Settings(second_look_model=model, second_look_gpu_layers=gpu_layers)
    answers = RecordingAnswerCache()
    with tempfile.TemporaryDirectory(prefix="pickout-second-look-") as folder:
        log_path = Path(folder, "second-look.log")
        reranker = RecordingReranker(MllmReranker(lambda: settings, log_path, answers))
        with contextlib.closing(reranker):
            yield reranker, answers
