"""The child's side of the second look: a loaded model, and what it is asked of one photo."""

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
    from engine.reranking.llama_session import LlamaSession, SessionSettings


@dataclass(frozen=True)
class AnswerRequest:
    """One photo to look at.

    Attributes:
        picture: uint8 (side, side, 3), see ``Letterbox.picture``.
        question: to be answered with yes or no.
        boxes_question: asked too if the answer is yes with at least ``boxes_from``; empty: never.
    """

    picture: np.ndarray
    question: str
    boxes_question: str = ""
    boxes_from: float = 0.0


@dataclass(frozen=True)
class AnswerReply:
    """What the model said, as it said it.

    Attributes:
        yes, mass: see ``YesNo``.
        boxes_text: None if it was not asked for boxes; ``boxes_finished``: it ended by itself.
        picture_tokens: what the picture was encoded to.
        memory_bytes: that the process holds for itself alone, files it maps left out.
    """

    yes: float
    mass: float
    boxes_text: str | None
    boxes_finished: bool
    picture_tokens: int
    memory_bytes: int


def serving(model: VisionLanguageModel, settings: SessionSettings) -> Callable[[], Callable]:
    """For ``CancellableWorker``: load the model once, then look."""
    return partial(serve_answers, model, settings)


def serve_answers(
    model: VisionLanguageModel, settings: SessionSettings
) -> Callable[[AnswerRequest, SharedCancelToken], AnswerReply]:
    """Raises:
    ModelMissing: llama-cpp-python is not installed, or cannot be loaded here.
    ModelBroken: the model cannot be loaded.
    """
    from engine.reranking.llama_session import LlamaSession

    return partial(_look, LlamaSession(model, settings))


def _look(session: LlamaSession, request: AnswerRequest, token: SharedCancelToken) -> AnswerReply:
    text, finished = None, True
    with session.with_picture(request.picture, token) as context_of_picture:
        said = context_of_picture.first_word(request.question)
        if request.boxes_question and said.probability >= request.boxes_from:
            grammar = answers.boxes_grammar()
            text, finished = context_of_picture.write(
                request.boxes_question, grammar, answers.BOX_TOKENS
            )
        tokens = context_of_picture.picture_tokens
    return AnswerReply(said.probability, said.mass, text, finished, tokens, own_memory_bytes())


def own_memory_bytes() -> int:
    """Memory of this process that no file stands behind, where the system tells it apart."""
    import psutil

    info = psutil.Process().memory_info()
    return info.rss - getattr(info, "shared", 0)
