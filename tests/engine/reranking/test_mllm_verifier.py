"""What becomes of a model's words: a probability, boxes, a reason; and what is remembered."""

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
TAKEN_AT_ITS_WORD = Calibration(slope=1, z_score_weight=0, offset=0)


class Memory:
    """Keeps looks as the store does."""

    def __init__(self) -> None:
        self.kept: dict[tuple[PhotoId, str, str], ModelAnswer] = {}

    def get(self, *key) -> ModelAnswer | None:
        return self.kept.get(key)

    def put(self, photo_id: PhotoId, query: str, model_key: str, look: ModelAnswer) -> None:
        self.kept[(photo_id, query, model_key)] = look


class Model:
    """Answers what it is told to, and notes what it was asked."""

    def __init__(self, yes: float, boxes: str | None = None, finished: bool = True) -> None:
        self.asked: list[AnswerRequest] = []
        self._answer = yes, boxes, finished

    def __call__(self, request: AnswerRequest, cancel: CancelToken, path: Path) -> AnswerReply:
        self.asked.append(request)
        yes, boxes, finished = self._answer
        wanted = boxes if request.boxes_question and yes >= request.boxes_from else None
        return AnswerReply(yes, 0.9, wanted, finished, 256, 0)


def verifier(
    model: Model,
    memory: Memory | None = None,
    family=QWEN3_VL,
    calibration: Calibration = TAKEN_AT_ITS_WORD,
    side_px: int = SIDE_PX,
    sha256: str = "a",
) -> MllmVerifier:
    described = VisionLanguageModel(
        "m", "Model M", Path("l"), Path("v"), sha256, "b", family, 0, Path(".")
    )
    return MllmVerifier(described, side_px, calibration, memory or Memory(), model)


def candidate(z_score: float = 0.0, size_wh: tuple[int, int] = (1000, 1000)) -> Candidate:
    nothing = np.zeros((0, 2), np.float32)
    return Candidate(
        photo=Photo(PhotoId(7), Path("a.jpg"), size_wh),
        regions=(),
        region_scores=nothing[:, 0],
        whole_score=0.0,
        region_vectors=nothing,
        whole_vector=np.zeros(2, np.float32),
        best=None,
        stage_one_score=0.0,
        read_rgb=lambda longest_px: np.zeros((longest_px, longest_px, 3), np.uint8),
        z_score=z_score,
    )


def test_the_picture_is_square_and_the_words_are_in_both_questions() -> None:
    model = Model(0.9, "[]")
    verifier(model).verify("  a \n “dog”  ", candidate(size_wh=(4000, 1000)), CancelToken())
    (request,) = model.asked
    assert request.picture.shape == (SIDE_PX, SIDE_PX, 3)
    assert "“a “dog””" in request.question and "“a “dog””" in request.boxes_question


def test_boxes_come_in_the_photos_pixels_by_the_familys_convention() -> None:
    said = '[{"bbox_2d": [100, 200, 300, 400]}]'
    thousandths = verifier(Model(0.9, said)).verify("dog", candidate(), CancelToken())
    assert thousandths.boxes_xyxy == (BoxXyxy(100, 200, 300, 400),)
    pixels = verifier(Model(0.9, said), family=QWEN25_VL)
    (box,) = pixels.verify("dog", candidate(), CancelToken()).boxes_xyxy
    assert box.as_tuple() == pytest.approx([side * 1000 / SIDE_PX for side in (100, 200, 300, 400)])


@pytest.mark.parametrize(
    ("yes", "words"), [(0.9, "sees"), (0.5, "is not sure"), (0.1, "does not see")]
)
def test_the_reason_says_who_and_how_sure(yes: float, words: str) -> None:
    found = verifier(Model(yes)).verify("dog", candidate(), CancelToken())
    assert found.probability == pytest.approx(yes)
    assert found.reason.startswith(f"Model M {words}") and "“dog”" in found.reason


def test_what_was_refused_is_not_asked_for_boxes() -> None:
    model = Model(0.05, '[{"bbox_2d": [1, 2, 30, 40]}]')
    assert verifier(model).verify("dog", candidate(), CancelToken()).boxes_xyxy == ()
    assert model.asked[0].boxes_from == pytest.approx(TAKEN_AT_ITS_WORD.no_below)


def test_a_model_that_is_trusted_with_yes_and_no_only_is_not_asked_for_boxes() -> None:
    model = Model(0.9, '[{"bbox_2d": [1, 2, 30, 40]}]')
    found = verifier(model, family=OTHER).verify("dog", candidate(), CancelToken())
    assert model.asked[0].boxes_question == "" and found.boxes_xyxy == ()


def test_nor_is_one_whose_yes_says_nothing() -> None:
    uninformative = Calibration(slope=0.0, z_score_weight=1.0, pairs=500)
    model = Model(0.9, '[{"bbox_2d": [1, 2, 30, 40]}]')
    found = verifier(model, calibration=uninformative).verify("dog", candidate(), CancelToken())
    assert model.asked[0].boxes_question == "" and found.boxes_xyxy == ()


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
def test_boxes_that_cannot_be_read_leave_the_yes_as_it_is(boxes: str, finished: bool) -> None:
    memory = Memory()
    found = verifier(Model(0.9, boxes, finished), memory).verify("dog", candidate(), CancelToken())
    assert found.probability == pytest.approx(0.9) and found.boxes_xyxy == ()
    assert [look.boxes_xyxy for look in memory.kept.values()] == [None]


def test_an_answer_is_asked_for_once_by_photo_words_and_model() -> None:
    memory, model = Memory(), Model(0.9, "[]")
    first = verifier(model, memory).verify("a dog", candidate(), CancelToken())
    assert verifier(model, memory).verify(" a  dog ", candidate(), CancelToken()) == first
    assert len(model.asked) == 1
    verifier(model, memory).verify("a cat", candidate(), CancelToken())
    verifier(model, memory, side_px=672).verify("a dog", candidate(), CancelToken())
    verifier(model, memory, sha256="c").verify("a dog", candidate(), CancelToken())
    assert len(model.asked) == 4


@pytest.mark.parametrize(
    ("size_wh", "seen_px", "kept"),
    [
        ((1000, 1000), 384, 0),
        ((1000, 1000), SIDE_PX, 1),
        ((4000, 300), 384, 0),
        ((300, 200), 300, 1),
    ],
)
def test_what_was_said_of_a_thumbnail_is_not_remembered(size_wh, seen_px: int, kept: int) -> None:
    memory = Memory()
    seen = dataclasses.replace(
        candidate(size_wh=size_wh),
        read_rgb=lambda longest_px: np.zeros((seen_px // 2, seen_px, 3), np.uint8),
    )
    verifier(Model(0.9, "[]"), memory).verify("dog", seen, CancelToken())
    assert len(memory.kept) == kept


def test_a_new_calibration_judges_what_was_said_before_anew() -> None:
    memory, model = Memory(), Model(0.9, "[]")
    verifier(model, memory).verify("dog", candidate(), CancelToken())
    stricter = dataclasses.replace(TAKEN_AT_ITS_WORD, offset=-4.0)
    found = verifier(model, memory, calibration=stricter).verify("dog", candidate(), CancelToken())
    assert found.probability < 0.2 and len(model.asked) == 1


def test_stage_one_counts_as_the_calibration_says() -> None:
    weighed = Calibration(slope=1, z_score_weight=0.5)
    low, high = (
        verifier(Model(0.5), calibration=weighed)
        .verify("dog", candidate(z_score), CancelToken())
        .probability
        for z_score in (-2.0, 2.0)
    )
    assert low == pytest.approx(1 - high) and high == pytest.approx(1 / (1 + np.exp(-1)))


def test_a_failure_is_not_remembered_and_neither_is_a_change_of_mind() -> None:
    memory = Memory()

    def crash(request: AnswerRequest, cancel: CancelToken, path: Path) -> AnswerReply:
        raise WorkerCrashed("It stopped.", operation="looking")

    with pytest.raises(WorkerCrashed):
        verifier(crash, memory).verify("dog", candidate(), CancelToken())
    cancel = CancelToken()
    cancel.cancel()
    model = Model(0.9)
    with pytest.raises(Cancelled):
        verifier(model, memory).verify("dog", candidate(), cancel)
    assert memory.kept == {} and model.asked == []
