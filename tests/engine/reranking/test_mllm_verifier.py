"""From a model's answer to a probability, boxes and a reason; and which answers are cached."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from engine.errors import Cancelled, WorkerCrashed
from engine.jobs import CancelToken
from engine.records import BoxXyxy, Photo, PhotoId
from engine.reranking.answer_worker import AnswerReply, AnswerRequest
from engine.reranking.calibration import Calibration
from engine.reranking.mllm_verifier import MllmVerifier
from engine.reranking.model_families import OTHER, QWEN3_VL, QWEN25_VL
from engine.reranking.model_selection import VisionLanguageModel
from engine.scoring.model_answer import ModelAnswer
from engine.scoring.verifier import Candidate

SIDE_PX = 448
IDENTITY = Calibration(slope=1, z_score_weight=0, offset=0)


class DictAnswerCache:
    """An ``AnswerCache`` in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[tuple[PhotoId, str, str], ModelAnswer] = {}

    def get(self, *key) -> ModelAnswer | None:
        return self.kept.get(key)

    def put(self, photo_id: PhotoId, query: str, model_key: str, answer: ModelAnswer) -> None:
        self.kept[(photo_id, query, model_key)] = answer


class FixedModel:
    """Gives a fixed answer and records the requests."""

    def __init__(self, yes: float, boxes: str | None = None, finished: bool = True) -> None:
        self.requests: list[AnswerRequest] = []
        self._answer = yes, boxes, finished

    def __call__(self, request: AnswerRequest, cancel: CancelToken, path: Path) -> AnswerReply:
        self.requests.append(request)
        yes, boxes, finished = self._answer
        wanted = boxes if request.boxes_question and yes >= request.boxes_from else None
        return AnswerReply(yes, 0.9, wanted, finished, 256, 0)


def verifier(
    model: FixedModel,
    cache: DictAnswerCache | None = None,
    family=QWEN3_VL,
    calibration: Calibration = IDENTITY,
    side_px: int = SIDE_PX,
    sha256: str = "a",
) -> MllmVerifier:
    described = VisionLanguageModel(
        "m", "Model M", Path("l"), Path("v"), sha256, "b", family, 0, Path(".")
    )
    return MllmVerifier(described, side_px, calibration, cache or DictAnswerCache(), model)


def candidate(z_score: float = 0.0, size_wh: tuple[int, int] = (1000, 1000)) -> Candidate:
    return Candidate(
        photo=Photo(PhotoId(7), Path("a.jpg"), size_wh),
        regions=(),
        region_scores=np.zeros(0, np.float32),
        read_rgb=lambda longest_px: np.zeros((longest_px, longest_px, 3), np.uint8),
        z_score=z_score,
    )


def test_the_picture_is_square_and_the_words_are_in_both_questions() -> None:
    model = FixedModel(0.9, "[]")
    verifier(model).verify("  a \n “dog”  ", candidate(size_wh=(4000, 1000)), CancelToken())
    (request,) = model.requests
    assert request.picture.shape == (SIDE_PX, SIDE_PX, 3)
    assert "“a “dog””" in request.question and "“a “dog””" in request.boxes_question


def test_boxes_come_in_the_photos_pixels_by_the_familys_convention() -> None:
    boxes = '[{"bbox_2d": [100, 200, 300, 400]}]'
    thousandths = verifier(FixedModel(0.9, boxes)).verify("dog", candidate(), CancelToken())
    assert thousandths.boxes_xyxy == (BoxXyxy(100, 200, 300, 400),)
    pixels = verifier(FixedModel(0.9, boxes), family=QWEN25_VL)
    (box,) = pixels.verify("dog", candidate(), CancelToken()).boxes_xyxy
    assert box.as_tuple() == pytest.approx([side * 1000 / SIDE_PX for side in (100, 200, 300, 400)])


@pytest.mark.parametrize(
    ("yes", "words"), [(0.9, "sees"), (0.5, "is not sure"), (0.1, "does not see")]
)
def test_the_reason_names_the_model_and_how_certain_it_is(yes: float, words: str) -> None:
    found = verifier(FixedModel(yes)).verify("dog", candidate(), CancelToken())
    assert found.probability == pytest.approx(yes)
    assert found.reason.startswith(f"Model M {words}") and "“dog”" in found.reason


def test_photos_below_the_threshold_are_not_asked_for_boxes() -> None:
    model = FixedModel(0.05, '[{"bbox_2d": [1, 2, 30, 40]}]')
    assert verifier(model).verify("dog", candidate(), CancelToken()).boxes_xyxy == ()
    assert model.requests[0].boxes_from == pytest.approx(IDENTITY.no_below)


def test_a_model_without_a_box_convention_is_not_asked_for_boxes() -> None:
    model = FixedModel(0.9, '[{"bbox_2d": [1, 2, 30, 40]}]')
    found = verifier(model, family=OTHER).verify("dog", candidate(), CancelToken())
    assert model.requests[0].boxes_question == "" and found.boxes_xyxy == ()


def test_a_model_with_an_uninformative_yes_is_not_asked_for_boxes() -> None:
    uninformative = Calibration(slope=0.0, z_score_weight=1.0, pairs=500)
    model = FixedModel(0.9, '[{"bbox_2d": [1, 2, 30, 40]}]')
    found = verifier(model, calibration=uninformative).verify("dog", candidate(), CancelToken())
    assert model.requests[0].boxes_question == "" and found.boxes_xyxy == ()


@pytest.mark.parametrize(
    ("boxes", "finished"),
    [
        ("[{", True),
        ('[{"bbox_2d": [1, 2, 3', False),
        ('[{"bbox_2d": [NaN, 1, 2, 3]}]', True),
        ('[{"bbox_2d": [4000, 4000, 5000, 5000]}]', True),
        ('{"bbox_2d": 1}', True),
    ],
)
def test_unreadable_boxes_do_not_change_the_probability(boxes: str, finished: bool) -> None:
    cache = DictAnswerCache()
    found = verifier(FixedModel(0.9, boxes, finished), cache).verify(
        "dog", candidate(), CancelToken()
    )
    assert found.probability == pytest.approx(0.9) and found.boxes_xyxy == ()
    assert [answer.boxes_xyxy for answer in cache.kept.values()] == [None]


def test_answers_are_cached_by_photo_query_and_model() -> None:
    cache, model = DictAnswerCache(), FixedModel(0.9, "[]")
    first = verifier(model, cache).verify("a dog", candidate(), CancelToken())
    assert verifier(model, cache).verify(" a  dog ", candidate(), CancelToken()) == first
    assert len(model.requests) == 1
    verifier(model, cache).verify("a cat", candidate(), CancelToken())
    verifier(model, cache, side_px=672).verify("a dog", candidate(), CancelToken())
    verifier(model, cache, sha256="c").verify("a dog", candidate(), CancelToken())
    assert len(model.requests) == 4


@pytest.mark.parametrize(
    ("size_wh", "decoded_px", "kept"),
    [
        ((1000, 1000), 384, 0),
        ((1000, 1000), SIDE_PX, 1),
        ((4000, 300), 384, 0),
        ((300, 200), 300, 1),
    ],
)
def test_an_answer_about_a_thumbnail_is_not_cached(size_wh, decoded_px: int, kept: int) -> None:
    cache = DictAnswerCache()
    shown = dataclasses.replace(
        candidate(size_wh=size_wh),
        read_rgb=lambda longest_px: np.zeros((decoded_px // 2, decoded_px, 3), np.uint8),
    )
    verifier(FixedModel(0.9, "[]"), cache).verify("dog", shown, CancelToken())
    assert len(cache.kept) == kept


def test_a_new_calibration_applies_to_cached_answers() -> None:
    cache, model = DictAnswerCache(), FixedModel(0.9, "[]")
    verifier(model, cache).verify("dog", candidate(), CancelToken())
    stricter = dataclasses.replace(IDENTITY, offset=-4.0)
    found = verifier(model, cache, calibration=stricter).verify("dog", candidate(), CancelToken())
    assert found.probability < 0.2 and len(model.requests) == 1


def test_the_z_score_is_weighted_by_the_calibration() -> None:
    weighed = Calibration(slope=1, z_score_weight=0.5)
    low, high = (
        verifier(FixedModel(0.5), calibration=weighed)
        .verify("dog", candidate(z_score), CancelToken())
        .probability
        for z_score in (-2.0, 2.0)
    )
    assert low == pytest.approx(1 - high) and high == pytest.approx(1 / (1 + np.exp(-1)))


def test_a_failure_and_a_cancelled_request_are_not_cached() -> None:
    cache = DictAnswerCache()

    def crash(request: AnswerRequest, cancel: CancelToken, path: Path) -> AnswerReply:
        raise WorkerCrashed("It stopped.", operation="looking")

    with pytest.raises(WorkerCrashed):
        verifier(crash, cache).verify("dog", candidate(), CancelToken())
    cancel = CancelToken()
    cancel.cancel()
    model = FixedModel(0.9)
    with pytest.raises(Cancelled):
        verifier(model, cache).verify("dog", candidate(), cancel)
    assert cache.kept == {} and model.requests == []
