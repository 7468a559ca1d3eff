"""The starter profile: the built-in models, from the shipped folder of weights or another."""

from __future__ import annotations

import hashlib
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.paths import resources_dir
from engine.profiles.profile import Models, Profile
from engine.starter.arrays import missing

if TYPE_CHECKING:
    from engine.starter.matching.embedder import StarterTextEmbedder
    from engine.starter.matching.term_scorer import StarterTermScorer

METRIC = "ip"
_RECIPE = "starter-3"
"""Change it with any code or constant that changes a mask or a vector; the key covers weights."""


def starter_profile(folder: Path | None = None) -> Profile:
    """The profile of the built-in models: small, nothing to download.

    Args:
        folder: weights as ``engine.training.train`` writes them; None for the shipped ones.
    """
    from engine.starter.matching.embedder import NDIM

    folder = folder or shipped_folder()
    return Profile(
        name="starter",
        key=key(folder),
        ndim=NDIM,
        metric=METRIC,
        analysis=partial(load_models, folder),
        scorer=partial(load_scorer, folder),
        coarse_longest_px=384,
    )


def shipped_folder() -> Path:
    """The folder of the shipped weights."""
    return resources_dir() / "starter"


def key(folder: Path) -> str:
    """The key of the profile: the recipe and a hash of the weights.

    Raises:
        ModelMissing: a file of the weights is missing.
    """
    from engine.starter.image import backbone, face_detector, mask_proposer
    from engine.starter.text import text_map

    fitted = (
        backbone.FILE_NAME,
        mask_proposer.HEAD_FILE_NAME,
        mask_proposer.DRAWER_FILE_NAME,
        text_map.FILE_NAME,
    )
    paths = [folder / name for name in fitted]
    paths += [shipped_folder() / name for name in face_detector.FILE_NAMES]
    digest = hashlib.sha256()
    for path in paths:
        try:
            digest.update(path.read_bytes())
        except FileNotFoundError as error:
            raise missing(path) from error
    return f"{_RECIPE}-{digest.hexdigest()[:12]}"


def load_models(folder: Path) -> Models:
    """Proposer and region embedder on one backbone; for the analysis worker process.

    The face detector is always the shipped one: nothing in it is fitted here.
    """
    from engine.starter.image.backbone import FILE_NAME, Backbone
    from engine.starter.image.face_detector import FaceDetector
    from engine.starter.image.mask_proposer import StarterProposer
    from engine.starter.matching.embedder import StarterRegionEmbedder
    from engine.starter.text import text_map

    backbone = Backbone(folder / FILE_NAME)
    face_detector = FaceDetector(shipped_folder())
    return Models(
        StarterProposer(folder, backbone, face_detector),
        StarterRegionEmbedder(
            backbone, text_map.TextMap.load(folder / text_map.FILE_NAME), face_detector
        ),
    )


@lru_cache(maxsize=1)
def load_text_embedder(folder: Path) -> StarterTextEmbedder:
    """The text embedder, loaded once a process."""
    from engine.starter.matching.embedder import StarterTextEmbedder
    from engine.starter.text import class_names, noun_vectors, text_map, thesaurus
    from engine.starter.text.query_meaning import FITTED_NAMES, QueryMeaning, read_fitted_names
    from engine.starter.text.text_encoder import SentenceEncoder

    mapping = text_map.TextMap.load(folder / text_map.FILE_NAME)
    return StarterTextEmbedder(
        QueryMeaning(
            SentenceEncoder(),
            mapping,
            thesaurus.Thesaurus(shipped_folder() / thesaurus.FILE_NAME),
            noun_vectors.NounVectors(shipped_folder() / noun_vectors.FILE_NAME),
            read_fitted_names(folder / FITTED_NAMES, len(mapping.name_vectors)),
            class_names.read_class_names(shipped_folder() / class_names.FILE_NAME),
        )
    )


def load_scorer(folder: Path) -> StarterTermScorer:
    """The scorer; its probabilities were fitted on photos used for no other fit."""
    from engine.starter.matching import calibration, reference_statistics
    from engine.starter.matching.term_scorer import StarterTermScorer

    return StarterTermScorer(
        calibration.Calibration.load(folder / calibration.FILE_NAME),
        reference_statistics.ReferenceStatistics.load(folder / reference_statistics.FILE_NAME),
        load_text_embedder(folder),
    )
