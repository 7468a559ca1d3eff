"""A ``Verifier`` that asks a language model, and remembers what it said."""

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
from engine.scoring.model_answer import AnswerCache, ModelAnswer, folded
from engine.scoring.verifier import Candidate, Verification

log = logging.getLogger(__name__)

_SHARP_FROM = 0.9
"""Of the pixels that a model is shown, along the longest side; a thumbnail has 384."""

Ask = Callable[[AnswerRequest, CancelToken, Path], AnswerReply]
"""Has the model look; raises EngineError if no answer can be had, Cancelled."""


class MllmVerifier:
    """Used by the search lane, for one search.

    Args:
        side_px: of the picture that the model is shown.
        memory: asked before the model is; what the model says is put there.
    """

    free = False

    def __init__(
        self,
        model: VisionLanguageModel,
        side_px: int,
        calibration: Calibration,
        memory: AnswerCache,
        ask: Ask,
    ) -> None:
        self.match_at = calibration.match_at
        self.no_below = calibration.no_below
        self._model = model
        self._side_px = side_px
        self._calibration = calibration
        self._memory = memory
        self._ask = ask
        self._key = f"{model.key}-{side_px}-{answers.VERSION}"

    def verify(self, query: str, candidate: Candidate, cancel: CancelToken) -> Verification:
        """See ``Verifier``. A box list that cannot be read leaves the yes or no as it is."""
        cancel.raise_if_set()
        photo_id, words = candidate.photo.id, folded(query)
        look = self._memory.get(photo_id, words, self._key)
        if look is None:
            rgb = candidate.read_rgb(self._side_px)
            look = self._look(words, candidate, rgb, cancel)
            if self._is_sharp(rgb, candidate.photo.size_wh):
                self._memory.put(photo_id, words, self._key, look)
        probability = self._calibration.probability(look.yes, candidate.z_score)
        pointed = probability >= self.no_below and not self._calibration.uninformative
        boxes = look.boxes_xyxy or () if pointed else ()
        return Verification(probability, boxes, self._reason(words, probability))

    def _is_sharp(self, rgb: np.ndarray, size_wh: tuple[int, int]) -> bool:
        """Whether this is the photo itself: one whose drive is away is seen as its thumbnail, and
        should be looked at again when it is back."""
        return max(rgb.shape[:2]) >= _SHARP_FROM * min(self._side_px, max(size_wh))

    def _look(
        self, words: str, candidate: Candidate, rgb: np.ndarray, cancel: CancelToken
    ) -> ModelAnswer:
        frame = Letterbox(candidate.photo.size_wh, self._side_px)
        picture = frame.picture(rgb)
        points = self._model.family.convention is not None and not self._calibration.uninformative
        request = AnswerRequest(
            picture,
            answers.yes_no_question(words),
            answers.boxes_question(words) if points else "",
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
