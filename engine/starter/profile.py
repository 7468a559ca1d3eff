"""The starter profile put together from the shipped files."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine.paths import resources_dir
from engine.starter.text_encoder import NDIM

if TYPE_CHECKING:
    from engine.profiles import Models
    from engine.starter.calibration import Calibration
    from engine.starter.embedder import StarterTextEmbedder
    from engine.starter.scorer import StarterScorer
    from engine.starter.verifier import StarterVerifier

KEY = "starter-1"
"""Changes with anything that changes a mask or a vector: weights, sizes, options."""
METRIC = "ip"
__all__ = [
    "KEY",
    "METRIC",
    "NDIM",
    "load_models",
    "load_scorer",
    "load_text_embedder",
    "load_verifier",
]


def _folder() -> Path:
    return resources_dir() / "starter"


def load_models() -> Models:
    """Proposer and region embedder on one backbone; for the analyst process."""
    from engine.profiles import Models
    from engine.starter import mask_proposer, text_map
    from engine.starter.backbone import Backbone
    from engine.starter.embedder import StarterRegionEmbedder

    backbone = Backbone()
    return Models(
        mask_proposer.StarterProposer(_folder() / mask_proposer.FILE_NAME, backbone),
        StarterRegionEmbedder(backbone, text_map.TextMap.load(_folder() / text_map.FILE_NAME)),
    )


@lru_cache(maxsize=1)
def load_text_embedder() -> StarterTextEmbedder:
    """The one text embedder of this process: the verifier asks it too."""
    from engine.starter import text_map
    from engine.starter.embedder import StarterTextEmbedder
    from engine.starter.text_encoder import SentenceEncoder

    return StarterTextEmbedder(
        SentenceEncoder(), text_map.TextMap.load(_folder() / text_map.FILE_NAME)
    )


def load_scorer() -> StarterScorer:
    """Fitted weights of region, mask, area and scene."""
    from engine.starter.scorer import StarterScorer

    return StarterScorer(_calibration())


def load_verifier() -> StarterVerifier:
    """Probabilities fitted on photos that nothing else was fitted on."""
    from engine.starter import reference
    from engine.starter.verifier import StarterVerifier

    return StarterVerifier(
        _calibration(),
        reference.Reference.load(_folder() / reference.FILE_NAME),
        load_text_embedder(),
    )


def _calibration() -> Calibration:
    from engine.starter import calibration

    return calibration.Calibration.load(_folder() / calibration.FILE_NAME)
