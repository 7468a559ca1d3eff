"""Runs in the model's child process: holds the loaded model and answers requests about photos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from engine.jobs.worker_signals import SharedCancelToken
from engine.reranking import answers
from engine.reranking.model_selection import VisionLanguageModel

if TYPE_CHECKING:
    from engine.reranking.llama_session import LlamaSession
    from engine.reranking.session_settings import SessionSettings


@dataclass(frozen=True)
class AnswerRequest:
    """Questions about one photo.

    Attributes:
        picture: uint8 (side, side, 3), see ``Letterbox.picture``.
        question: answered with yes or no.
        boxes_question: asked second, if the probability of yes is at least ``boxes_from``; an
            empty string if no boxes are wanted.
        boxes_from: 0..1, not calibrated.
    """

    picture: np.ndarray
    question: str
    boxes_question: str = ""
    boxes_from: float = 0.0


@dataclass(frozen=True)
class AnswerReply:
    """The model's raw answer.

    Attributes:
        yes: see ``YesNo.probability``.
        mass: see ``YesNo.mass``.
        boxes_text: answer to ``boxes_question``; None if it was not asked.
        boxes_finished: False if the answer was cut off at the token limit.
        picture_tokens: number of tokens that the picture was encoded to.
        memory_bytes: private memory of the process, without memory-mapped files.
    """

    yes: float
    mass: float
    boxes_text: str | None
    boxes_finished: bool
    picture_tokens: int
    memory_bytes: int


def handler_loader(model: VisionLanguageModel, settings: SessionSettings) -> Callable[[], Callable]:
    """For ``CancellableWorker``: loads the model in the child and returns the request handler."""
    return partial(load_handler, model, settings)


def load_handler(
    model: VisionLanguageModel, settings: SessionSettings
) -> Callable[[AnswerRequest, SharedCancelToken], AnswerReply]:
    """Load the model; returns the function that answers requests.

    Raises:
        ModelMissing: llama-cpp-python is not installed, or cannot be loaded here.
        ModelBroken: the model cannot be loaded.
    """
    from engine.reranking.llama_session import LlamaSession

    return partial(_answer, LlamaSession(model, settings))


def _answer(session: LlamaSession, request: AnswerRequest, token: SharedCancelToken) -> AnswerReply:
    text, finished = None, True
    with session.with_picture(request.picture, token) as picture_context:
        yes_no = picture_context.answer_yes_no(request.question)
        if request.boxes_question and yes_no.probability >= request.boxes_from:
            grammar = answers.boxes_grammar()
            text, finished = picture_context.generate(
                request.boxes_question, grammar, answers.BOX_TOKENS
            )
        tokens = picture_context.picture_tokens
    return AnswerReply(yes_no.probability, yes_no.mass, text, finished, tokens, own_memory_bytes())


def own_memory_bytes() -> int:
    """Resident memory of this process, less the shared pages where psutil reports them."""
    import psutil

    info = psutil.Process().memory_info()
    return info.rss - getattr(info, "shared", 0)
