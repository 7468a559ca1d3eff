"""Tiny vision language models for tests: real files for the real llama.cpp."""

from __future__ import annotations

import functools
import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest

from engine.reranking import model_families
from engine.reranking.model_selection import VisionLanguageModel
from engine.tiny_models import vision_language_model
from engine.tiny_models.vision_language_model import TinyFiles, TinyKind

SIDE_PX = 448
COLOUR = "red"
"""The colour that the fitted models recognise."""


def _missing() -> bool:
    there = all(importlib.util.find_spec(name) for name in ("llama_cpp", "gguf"))
    if not there and os.environ.get("CI"):
        raise RuntimeError("llama-cpp-python or gguf is not installed, and this run must have them")
    return not there


needs_llama = pytest.mark.skipif(_missing(), reason="llama-cpp-python is not installed")


def as_model(files: TinyFiles, name: str = "tiny") -> VisionLanguageModel:
    """The two files as an entry of the model store."""
    return VisionLanguageModel(
        name=name,
        title=f"Model {name}",
        language_file=files.language,
        vision_file=files.vision,
        language_sha256="a" * 64,
        vision_sha256="b" * 64,
        family=model_families.family_of_pair(files.language, files.vision),
        memory_bytes=1 << 20,
        folder=files.language.parent,
    )


def photo_with_red(share: float, rng: np.random.Generator, side_px: int = 96) -> np.ndarray:
    """Grey with a red square that covers this share of it; uint8 (H, W, 3)."""
    rgb = rng.integers(124, 132, (side_px, side_px, 3)).astype(np.uint8)
    side = round(side_px * share**0.5)
    x, y = rng.integers(0, side_px - side + 1, 2)
    rgb[y : y + side, x : x + side] = (220, 30, 30)
    return rgb


def write_fitted(folder: Path, kind: TinyKind) -> TinyFiles:
    """Write a model whose probability of yes for red grows with the red share of the picture."""
    return vision_language_model.write(folder, kind, head=_head_for_red(kind))


@functools.cache
def _head_for_red(kind: TinyKind) -> np.ndarray:
    """By least squares from the hidden states of 80 pictures; some seconds."""
    import tempfile

    from engine.jobs import CancelToken
    from engine.reranking import answers
    from engine.reranking.letterbox import Letterbox
    from engine.reranking.llama_session import LlamaSession
    from engine.reranking.session_settings import SessionSettings

    rng = np.random.default_rng(5)
    shares = rng.random(80) ** 2
    frame = Letterbox((96, 96), SIDE_PX)
    hidden = []
    with tempfile.TemporaryDirectory() as folder:
        head = vision_language_model.hidden_head()
        files = vision_language_model.write(Path(folder), kind, head=head)
        session = LlamaSession(as_model(files), SessionSettings(SIDE_PX, 1))
        for share in shares:
            picture = frame.picture(photo_with_red(share, rng))
            with session.with_picture(picture, CancelToken()) as picture_context:
                picture_context.answer_yes_no(answers.yes_no_question(COLOUR))
                hidden.append(session._logits()[: head.shape[1]])
        session.close()
    return vision_language_model.fitted_head(np.array(hidden), 10 * (np.sqrt(shares) - 0.4))
