"""A ``Verifier`` that asks a vision language model and caches its answers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.jobs import CancelToken
from engine.records import BoxXyxy
from engine.reranking import answers
from engine.reranking.answer_worker import AnswerReply, AnswerRequest
from engine.reranking.answers import UnreadableAnswer
from engine.reranking.calibration import Calibration
from engine.reranking.letterbox import Letterbox
from engine.reranking.model_selection import VisionLanguageModel
from engine.scoring.model_answer import AnswerCache, ModelAnswer, normalised_query
from engine.scoring.verifier import Candidate, Verification

log = logging.getLogger(__name__)

_SHARP_FROM = 0.9
"""Least share of the picture's pixels, along the longest side, that the decoded photo must have.
A thumbnail has 384 px."""

Ask = Callable[[AnswerRequest, CancelToken, Path], AnswerReply]
"""Asks the model about the photo at the path. Raises EngineError if it cannot answer, Cancelled."""


class MllmVerifier:
    """Verifies photos of one search, in the search lane.

    Args:
        side_px: of the square picture that the model gets.
        answer_cache: read before the model is asked; the model's answers are stored in it.
        ask: sends a request to the model.
    """

    def __init__(
        self,
        model: VisionLanguageModel,
        side_px: int,
        calibration: Calibration,
        answer_cache: AnswerCache,
        ask: Ask,
    ) -> None:
        self.match_at = calibration.match_at
        self.no_below = calibration.no_below
        self._model = model
        self._side_px = side_px
        self._calibration = calibration
        self._answer_cache = answer_cache
        self._ask = ask
        self._key = f"{model.key}-{side_px}-{answers.VERSION}"

    def verify(self, query: str, candidate: Candidate, cancel: CancelToken) -> Verification:
        """See ``Verifier``. If the boxes cannot be read, the yes or no still counts."""
        cancel.raise_if_set()
        photo_id, words = candidate.photo.id, normalised_query(query)
        answer = self._answer_cache.get(photo_id, words, self._key)
        if answer is None:
            rgb = candidate.read_rgb(self._side_px)
            answer = self._ask_model(words, candidate, rgb, cancel)
            if self._is_sharp(rgb, candidate.photo.size_wh):
                self._answer_cache.put(photo_id, words, self._key, answer)
        probability = self._calibration.probability(answer.yes, candidate.z_score)
        uses_boxes = probability >= self.no_below and not self._calibration.uninformative
        boxes = answer.boxes_xyxy or () if uses_boxes else ()
        return Verification(probability, boxes, self._reason(words, probability))

    def _is_sharp(self, rgb: np.ndarray, size_wh: tuple[int, int]) -> bool:
        """Whether this is the photo and not its thumbnail, which stands in while the photo's drive
        is not connected. Answers about a thumbnail are not cached."""
        return max(rgb.shape[:2]) >= _SHARP_FROM * min(self._side_px, max(size_wh))

    def _ask_model(
        self, words: str, candidate: Candidate, rgb: np.ndarray, cancel: CancelToken
    ) -> ModelAnswer:
        frame = Letterbox(candidate.photo.size_wh, self._side_px)
        picture = frame.picture(rgb)
        ask_boxes = self._model.gives_boxes and not self._calibration.uninformative
        request = AnswerRequest(
            picture,
            answers.yes_no_question(words),
            answers.boxes_question(words) if ask_boxes else "",
            self._calibration.least_yes(candidate.z_score),
        )
        reply = self._ask(request, cancel, candidate.photo.path)
        return ModelAnswer(reply.yes, reply.mass, self._boxes(reply, frame))

    def _boxes(self, reply: AnswerReply, frame: Letterbox) -> tuple[BoxXyxy, ...] | None:
        convention = self._model.family.convention
        if reply.boxes_text is None or convention is None:
            return None
        try:
            return answers.read_boxes(
                reply.boxes_text, frame, convention, finished=reply.boxes_finished
            )
        except UnreadableAnswer as error:
            log.info("no boxes: %s", error)
            return None

    def _reason(self, words: str, probability: float) -> str:
        if probability >= self.match_at:
            return f"{self._model.title} sees “{words}” here."
        if probability < self.no_below:
            return f"{self._model.title} does not see “{words}” here."
        return f"{self._model.title} is not sure that this shows “{words}”."
