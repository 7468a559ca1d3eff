"""A second look that remembers what it was asked, what it said and how long it took."""

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
    """One photo that was looked at for one query.

    Attributes:
        standing: as in ``Candidate``.
        seconds: wall time of the look, decoding the photo included, loading the model not.
        answered: False if no verdict could be had.
    """

    photo: Photo
    query: str
    z_score: float
    seconds: float
    answered: bool


class RecordingAnswerCache:
    """Remembers every look but never answers from memory; a ``AnswerCache``. Thread-safe."""

    def __init__(self) -> None:
        self._looks: dict[tuple[PhotoId, str], ModelAnswer] = {}
        self._lock = threading.Lock()

    def get(self, photo_id: PhotoId, query: str, model_key: str) -> ModelAnswer | None:
        """None, so that each photo is really looked at."""
        return None

    def put(self, photo_id: PhotoId, query: str, model_key: str, look: ModelAnswer) -> None:
        with self._lock:
            self._looks[photo_id, normalised_query(query)] = look

    def of(self, seen: RecordedVerification) -> ModelAnswer | None:
        """What the model said then."""
        with self._lock:
            return self._looks.get((seen.photo.id, normalised_query(seen.query)))


class RecordingReranker:
    """A ``Reranker`` that lets another one look.

    Attributes:
        seen: what was looked at, in that order.
    """

    def __init__(self, reranker: Reranker) -> None:
        self.seen: list[RecordedVerification] = []
        self._reranker = reranker

    def info(self) -> RerankerInfo:
        return self._reranker.info()

    def verifier(self, context: JobContext, set_note: Callable[[str], None]) -> Verifier:
        return _RecordingVerifier(self._reranker.verifier(context, set_note), self.seen)

    def close(self) -> None:
        self._reranker.close()


class _RecordingVerifier:
    def __init__(self, verifier: Verifier, seen: list[RecordedVerification]) -> None:
        self._verifier, self._seen = verifier, seen
        self.free = verifier.free
        self.match_at, self.no_below = verifier.match_at, verifier.no_below

    def verify(self, query: str, candidate: Candidate, cancel: CancelToken) -> Verification:
        started_s = time.perf_counter()
        answered = False
        try:
            found = self._verifier.verify(query, candidate, cancel)
            answered = True
            return found
        finally:
            took_s = time.perf_counter() - started_s
            self._seen.append(
                RecordedVerification(candidate.photo, query, candidate.z_score, took_s, answered)
            )


@contextlib.contextmanager
def language_model(
    model: str = "", gpu_layers: int | None = None
) -> Iterator[tuple[RecordingReranker, RecordingAnswerCache]]:
    """The language model of the second look, watched, with its raw answers; closed at the end.

    Args:
        model: as the setting ``second_look_model``; ``gpu_layers`` as ``second_look_gpu_layers``,
            None for its default.
    """
    from engine.reranking.mllm_reranker import MllmReranker

    settings = Settings(second_look_model=model)
    if gpu_layers is not None:
        settings = Settings(second_look_model=model, second_look_gpu_layers=gpu_layers)
    looks = RecordingAnswerCache()
    with tempfile.TemporaryDirectory(prefix="pickout-second-look-") as folder:
        log_path = Path(folder, "second-look.log")
        watched = RecordingReranker(MllmReranker(lambda: settings, log_path, looks))
        with contextlib.closing(watched):
            yield watched, looks
