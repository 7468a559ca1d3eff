"""What every verifier promises, tested with a language model."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.benchmarks import model_worker
from engine.errors import Cancelled
from engine.evaluation.recording_reranker import RecordingAnswerCache
from engine.jobs import CancelToken, JobContext
from engine.library import Library
from engine.paths import resources_dir
from engine.profiles.starter import starter_profile
from engine.records import RerankerInfo, SearchRequest
from engine.reranking.mllm_reranker import MllmReranker
from engine.scoring.verifier import Candidate, Verification, Verifier
from engine.settings import Settings
from tests.fakes import synthetic_photos
from tests.fakes.tiny_models import needs_llama


class _Recorder:
    """A second look that keeps what it is asked about."""

    match_at, no_below = 1.0, 0.0

    def __init__(self) -> None:
        self.candidates: dict[str, Candidate] = {}

    def info(self) -> RerankerInfo:
        return RerankerInfo("recorder", "Recorder", "here")

    def verifier(self, context: JobContext, set_note: Callable[[str], None]) -> _Recorder:
        return self

    def verify(self, query: str, candidate: Candidate, cancel: CancelToken) -> Verification:
        rgb = candidate.read_rgb(1024)
        kept = replace(candidate, read_rgb=lambda longest_px: rgb)
        self.candidates[candidate.photo.path.name] = kept
        return Verification(0.5)

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def candidates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Candidate]:
    """As the product makes them, of a photo, a very wide one and one of a single colour."""
    folder = tmp_path_factory.mktemp("protocol")
    photos = folder / "photos"
    photos.mkdir()
    synthetic_photos.aged(Path(shutil.copy(resources_dir() / "samples/cat.jpg", photos)), 3600)
    synthetic_photos.write(photos / "wide.png", synthetic_photos.pixels([], (900, 40)))
    synthetic_photos.write(photos / "plain.png", synthetic_photos.pixels([], (40, 40)))
    recorder = _Recorder()
    library = Library.open(folder / "library", profile=starter_profile(), reranker=recorder)
    library.folders.add(photos)
    library.indexing.start().result(120)
    library.search.start(SearchRequest(text="cat", verify=3)).result(60)
    library.close()
    assert len(recorder.candidates) == 3 and recorder.candidates["cat.jpg"].regions
    return recorder.candidates


def _language_model(folder: Path) -> Iterator[Verifier]:
    look = MllmReranker(
        Settings, folder / "log", RecordingAnswerCache(), model_worker.make_tiny_model_store(folder)
    )
    yield look.verifier(JobContext(CancelToken()), lambda words: None)
    look.close()


@pytest.fixture(
    scope="module",
    params=[pytest.param(_language_model, marks=needs_llama)],
    ids=["language model"],
)
def verifier(request, tmp_path_factory) -> Iterator[Verifier]:
    yield from request.param(tmp_path_factory.mktemp("verifier"))


def test_it_is_a_verifier_with_thresholds_in_order(verifier: Verifier) -> None:
    assert isinstance(verifier, Verifier)
    assert 0 <= verifier.no_below <= verifier.match_at <= 1


@pytest.mark.parametrize("name", ["cat.jpg", "wide.png", "plain.png"])
@pytest.mark.parametrize(
    "query", ["cat", "a red umbrella left of a bench", "кошка", "猫" * 60, "'\"{}[]%s\\", "…"]
)
def test_every_photo_and_query_has_a_probability(
    verifier: Verifier, candidates: dict[str, Candidate], name: str, query: str
) -> None:
    candidate = candidates[name]
    found = verifier.verify(query, candidate, CancelToken())
    assert 0 <= found.probability <= 1 and found.reason
    width, height = candidate.photo.size_wh
    for box in found.boxes_xyxy:
        assert 0 <= box.x0 < box.x1 <= width and 0 <= box.y0 < box.y1 <= height
    assert verifier.verify(query, candidate, CancelToken()) == found


def test_a_photo_without_regions_is_judged_too(verifier, candidates) -> None:
    candidate = candidates["cat.jpg"]
    bare = replace(
        candidate,
        regions=(),
        region_scores=np.zeros(0, np.float32),
    )
    assert 0 <= verifier.verify("cat", bare, CancelToken()).probability <= 1


def test_a_verdict_nobody_wants_is_not_made(verifier, candidates) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        verifier.verify("cat", candidates["cat.jpg"], cancel)
