"""One photo, from its file to what is kept of it. Runs in the analyst child, where torch lives."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.decode.reader import DecodedPhoto, read_upright
from engine.decode.thumbnails import make_thumbnail
from engine.embeddings.embedder import PhotoVectors
from engine.errors import EngineError, ModelBroken
from engine.masks import rle as rle_codec
from engine.masks.proposer import MaskProposal
from engine.profiles import Models, Profile
from engine.records import Rle
from engine.store.rows import AnalysedPhoto, FileVersion, check_vectors

log = logging.getLogger(__name__)

LOADING = "loading the models"
"""The operation of errors that would meet every photo."""


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """Look at this photo; ``version`` is what its bytes were when they were hashed."""

    path: Path
    version: FileVersion


@dataclass(frozen=True)
class Analysis:
    """What the child is made of: it crosses the process border, so all of it is picklable."""

    load: Callable[[], Models]
    ndim: int
    longest_px: int


def serving(profile: Profile) -> Callable[[], Callable[[AnalysisRequest], AnalysedPhoto]]:
    """What to run in the child for a profile."""
    analysis = Analysis(profile.analysis, profile.ndim, profile.analysis_longest_px)
    return functools.partial(serve, analysis)


def serve(analysis: Analysis) -> Callable[[AnalysisRequest], AnalysedPhoto]:
    """In the child. The models load with the first photo, so that a folder of known photos, or
    of files that are none, never loads them."""
    loaded: list[Models] = []

    def handle(request: AnalysisRequest) -> AnalysedPhoto:
        decoded = read_upright(request.path, analysis.longest_px)
        if not loaded:
            loaded.append(_load(analysis))
        return analyse(loaded[0], analysis.ndim, decoded, request.version)

    return handle


def _load(analysis: Analysis) -> Models:
    """Whatever goes wrong here is no photo's fault, and is marked so by its operation."""
    try:
        return analysis.load()
    except EngineError as error:
        error.operation = LOADING
        raise
    except Exception as error:
        log.exception("the models could not be loaded")
        raise ModelBroken(
            f"The models could not be loaded ({error}).",
            operation=LOADING,
            hint="Install Pickout again, or choose other models.",
        ) from error


def analyse(
    models: Models, ndim: int, decoded: DecodedPhoto, version: FileVersion
) -> AnalysedPhoto:
    """Masks and vectors of a decoded photo.

    Raises:
        ModelBroken: the models give vectors that cannot be kept.
    """
    proposals = models.proposer.propose(decoded.rgb)
    masks = [proposal.mask_hw for proposal in proposals]
    vectors = _vectors(models.region_embedder.embed(decoded.rgb, masks), len(masks), ndim)
    return AnalysedPhoto(
        version=version,
        size_wh=decoded.full_size_wh,
        taken_at=decoded.taken_at,
        camera=decoded.camera,
        rles=_rles(proposals),
        boxes_xyxy=_boxes(proposals, decoded),
        mask_scores=np.array([1.0, *(p.score for p in proposals)], np.float32),
        area_fractions=np.array([1.0, *(mask.mean() for mask in masks)], np.float32),
        vectors=vectors,
        thumbnail_jpeg=make_thumbnail(decoded.rgb),
    )


def _rles(proposals: Sequence[MaskProposal]) -> tuple[Rle, ...]:
    return tuple(rle_codec.encode(proposal.mask_hw) for proposal in proposals)


def _boxes(proposals: Sequence[MaskProposal], decoded: DecodedPhoto) -> np.ndarray:
    """float32 (N + 1, 4) in pixels of the upright photo; the whole first."""
    height, width = decoded.rgb.shape[:2]
    full_width, full_height = decoded.full_size_wh
    sx, sy = full_width / width, full_height / height
    boxes = [proposal.box_xyxy.scaled(sx, sy).as_tuple() for proposal in proposals]
    return np.array([(0, 0, full_width, full_height), *boxes], np.float32)


def _vectors(found: PhotoVectors, regions: int, ndim: int) -> np.ndarray:
    """float16 (N + 1, D), the whole first."""
    expected = (regions, ndim)
    if found.regions.shape != expected:
        raise _broken(f"expected {expected} numbers, got {found.regions.shape}")
    with np.errstate(over="ignore"):  # too large for float16 becomes infinity, refused below
        vectors = np.concatenate([found.whole[None], found.regions]).astype(np.float16)
    try:
        check_vectors(vectors)
    except ValueError as error:
        raise _broken(str(error)) from error
    return vectors


def _broken(reason: str) -> ModelBroken:
    return ModelBroken(
        f"The models gave numbers for this photo that cannot be used ({reason}).",
        operation="looking at the photo",
        hint="Try again; if it stays, please report the photo.",
    )
