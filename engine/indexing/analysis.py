"""One photo, from its file to what is kept of it, or to the outline of one thing in it. Runs in
the analyst child, where torch lives."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.decode import thumbnails
from engine.decode.reader import DecodedPhoto, read_upright
from engine.embeddings.embedder import PhotoVectors
from engine.errors import EngineError, ModelBroken
from engine.masks import rle as rle_codec
from engine.masks.geometry import box_iou, fit_within
from engine.masks.proposer import FITS_FROM, MaskProposal, PromptableProposer
from engine.profiles.profile import Models, Profile
from engine.records import BoxXyxy, Rle
from engine.store.rows import AnalysedPhoto, FileVersion, IndexLevel, check_vectors

log = logging.getLogger(__name__)

LOADING = "loading the models"
"""The operation of errors that would meet every photo."""
_COARSE_DECODED_PX = 2 * thumbnails.LONGEST_PX
"""What a coarse look decodes: JPEG files are reduced while they are decoded, in half the time of
the analysis size, and a thumbnail made from twice its size cannot be told from one made from that
(12-megapixel photos: 0.02 dB)."""


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """Look at this photo; ``version`` is what its bytes were when they were hashed."""

    path: Path
    version: FileVersion
    level: IndexLevel = IndexLevel.FULL


@dataclass(frozen=True, slots=True)
class OutlineRequest:
    """Outline what is in a box.

    Attributes:
        size_wh: of the upright photo, whose pixels ``box_xyxy`` is in. A file that holds a photo
            of another size by now is another photo, in which the box means nothing.
    """

    path: Path
    size_wh: tuple[int, int]
    box_xyxy: BoxXyxy


@dataclass(frozen=True, slots=True)
class Outline:
    """The thing in a box.

    Attributes:
        box_xyxy: around the mask, in pixels of the upright photo.
        rle: mask at the analysis size.
        score: the proposer's confidence, 0..1.
    """

    box_xyxy: BoxXyxy
    rle: Rle
    score: float


Handle = Callable[[AnalysisRequest | OutlineRequest], AnalysedPhoto | Outline | None]


@dataclass(frozen=True)
class Analysis:
    """What the child is made of: it crosses the process border, so all of it is picklable."""

    load: Callable[[], Models]
    ndim: int
    longest_px: int
    coarse_longest_px: int = 0


def serving(profile: Profile) -> Callable[[], Handle]:
    """What to run in the child for a profile."""
    analysis = Analysis(
        profile.analysis, profile.ndim, profile.analysis_longest_px, profile.coarse_longest_px
    )
    return functools.partial(serve, analysis)


def serve(analysis: Analysis) -> Handle:
    """In the child. The models load with the first photo, so that a folder of known photos, or
    of files that are none, never loads them."""
    loaded: list[Models] = []

    def handle(request: AnalysisRequest | OutlineRequest) -> AnalysedPhoto | Outline | None:
        pointed = isinstance(request, OutlineRequest)
        coarse = not pointed and request.level is IndexLevel.COARSE
        longest_px = max(_COARSE_DECODED_PX, analysis.coarse_longest_px)
        decoded = read_upright(request.path, longest_px if coarse else analysis.longest_px)
        if not loaded:
            loaded.append(_load(analysis))
        if pointed:
            return outline(loaded[0], decoded, request)
        if coarse:
            return analyse_coarse(loaded[0], analysis, decoded, request.version)
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
        thumbnail_jpeg=thumbnails.make_thumbnail(decoded.rgb),
    )


def outline(models: Models, decoded: DecodedPhoto, request: OutlineRequest) -> Outline | None:
    """The thing in the box; None if the models cannot be pointed at anything, or nothing fits."""
    full_width, full_height = decoded.full_size_wh
    if not isinstance(models.proposer, PromptableProposer):
        return None
    if decoded.full_size_wh != request.size_wh:
        return None
    height, width = decoded.rgb.shape[:2]
    box = request.box_xyxy.scaled(width / full_width, height / full_height)
    found = models.proposer.segment(decoded.rgb, box=box)
    if found is None or box_iou(found.box_xyxy, box) < FITS_FROM:
        return None
    in_photo = found.box_xyxy.scaled(full_width / width, full_height / height)
    return Outline(in_photo, rle_codec.encode(found.mask_hw), found.score)


def analyse_coarse(
    models: Models, analysis: Analysis, decoded: DecodedPhoto, version: FileVersion
) -> AnalysedPhoto:
    """The vector of a decoded photo as a whole, from a small picture of it; no masks.

    Raises:
        ModelBroken: as for ``analyse``.
    """
    whole = models.region_embedder.embed_whole(_small(decoded.rgb, analysis.coarse_longest_px))
    vectors = _checked(whole[None], (1, analysis.ndim))
    return AnalysedPhoto(
        version=version,
        size_wh=decoded.full_size_wh,
        taken_at=decoded.taken_at,
        camera=decoded.camera,
        rles=(),
        boxes_xyxy=_boxes((), decoded),
        mask_scores=np.ones(1, np.float32),
        area_fractions=np.ones(1, np.float32),
        vectors=vectors,
        thumbnail_jpeg=thumbnails.make_thumbnail(decoded.rgb),
        level=IndexLevel.COARSE,
    )


def _small(rgb: np.ndarray, longest_px: int) -> np.ndarray:
    """uint8 (H, W, 3), its longest side at most so many pixels."""
    import cv2

    height, width = rgb.shape[:2]
    size_wh = fit_within((width, height), longest_px)
    if size_wh == (width, height):
        return rgb
    return cv2.resize(rgb, size_wh, interpolation=cv2.INTER_AREA)


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
    return _checked(np.concatenate([found.whole[None], found.regions]), (regions + 1, ndim))


def _checked(found: np.ndarray, expected: tuple[int, int]) -> np.ndarray:
    """The vectors as they are kept, float16."""
    if found.shape != expected:
        raise _broken(f"expected {expected} numbers, got {found.shape}")
    with np.errstate(over="ignore"):  # too large for float16 becomes infinity, refused below
        vectors = found.astype(np.float16)
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
