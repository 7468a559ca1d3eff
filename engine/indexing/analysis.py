"""Turns a photo file into the rows that are stored, or outlines one object in it.

Runs in an analysis worker process, the only one that imports torch for indexing.
"""

from __future__ import annotations

import functools
import io
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.decode import thumbnails
from engine.decode.metadata.metadata_reader import read_metadata
from engine.decode.reader import DecodedPhoto, open_photo, read_encoded, read_upright
from engine.embeddings.embedder import PhotoVectors
from engine.errors import EngineError, ModelBroken
from engine.masks import rle as rle_codec
from engine.masks.geometry import box_iou, fit_within
from engine.masks.proposer import MIN_BOX_IOU, MaskProposal, PromptableProposer
from engine.profiles.profile import Models, Profile
from engine.records import BoxXyxy, PhotoMetadata, Rle
from engine.store.rows import AnalysedPhoto, FileVersion, IndexLevel, check_vectors

log = logging.getLogger(__name__)

LOADING = "loading the models"
"""``operation`` of errors that would occur with every photo, because the models do not load."""
_COARSE_DECODED_PX = 2 * thumbnails.LONGEST_PX
"""Longest side that the coarse pass decodes. JPEG files are reduced while they are decoded, which
takes half the time of decoding at the analysis size. A thumbnail made from twice its size is not
visibly different from one made at the analysis size (12-megapixel photos: 0.02 dB)."""


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """A request to analyse one photo.

    Attributes:
        version: the file's hash, size and modification time when it was hashed.
        sidecars: content of the files beside it with its metadata.
    """

    path: Path
    version: FileVersion
    level: IndexLevel = IndexLevel.FULL
    sidecars: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class MetadataRequest:
    """A request to read what a photo and its sidecars say, without its pixels."""

    path: Path
    sidecars: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class OutlineRequest:
    """A request to outline the object in a box.

    Attributes:
        size_wh: size of the upright photo; ``box_xyxy`` is in its pixels. If the file now holds a
            photo of another size, it is another photo and there is no outline.
    """

    path: Path
    size_wh: tuple[int, int]
    box_xyxy: BoxXyxy


@dataclass(frozen=True, slots=True)
class Outline:
    """The mask of the object in a box.

    Attributes:
        box_xyxy: box of the mask, in pixels of the upright photo.
        rle: mask at the analysis size.
        score: the proposer's confidence, 0..1.
    """

    box_xyxy: BoxXyxy
    rle: Rle
    score: float


Request = AnalysisRequest | MetadataRequest | OutlineRequest


class Handle(Protocol):
    """Answers one request."""

    def __call__(
        self, request: Request, content: bytes | None = None
    ) -> AnalysedPhoto | PhotoMetadata | Outline | None:
        """Analyse or outline the photo at ``request.path``, or read its metadata.

        Args:
            content: the file's bytes, if it cannot be read under its path here.
        """


@dataclass(frozen=True)
class Analysis:
    """What a worker process needs to analyse photos; picklable, because it is sent there.

    Attributes:
        load: loads the models.
        ndim: length of the vectors.
        longest_px, coarse_longest_px: longest side of the picture that the models get in the full
            and in the coarse pass.
    """

    load: Callable[[], Models]
    ndim: int
    longest_px: int
    coarse_longest_px: int = 0


def handler_factory(profile: Profile) -> Callable[[], Handle]:
    """The factory that a worker process calls to create the request handler of a profile."""
    return functools.partial(create_handler, analysis_of(profile))


def analysis_of(profile: Profile) -> Analysis:
    """The part of a profile that a worker needs."""
    return Analysis(
        profile.analysis, profile.ndim, profile.analysis_longest_px, profile.coarse_longest_px
    )


def create_handler(analysis: Analysis) -> Handle:
    """Create the request handler; called in the worker process.

    The models load with the first photo that can be decoded, so a folder that holds only known
    photos, or files that are not photos, never loads them.
    """
    loaded: list[Models] = []

    def handle(
        request: Request, content: bytes | None = None
    ) -> AnalysedPhoto | PhotoMetadata | Outline | None:
        if isinstance(request, MetadataRequest):
            return _metadata(request, content)
        coarse = isinstance(request, AnalysisRequest) and request.level is IndexLevel.COARSE
        longest_px = max(_COARSE_DECODED_PX, analysis.coarse_longest_px)
        longest_px = longest_px if coarse else analysis.longest_px
        if content is None:
            decoded = read_upright(request.path, longest_px)
        else:
            decoded = read_encoded(content, longest_px, request.path)
        if not loaded:
            loaded.append(_load(analysis))
        if isinstance(request, OutlineRequest):
            return outline(loaded[0], decoded, request)
        if coarse:
            found = analyse_coarse(loaded[0], analysis, decoded, request.version)
        else:
            found = analyse(loaded[0], analysis.ndim, decoded, request.version)
        return replace(found, metadata=_metadata(request, content))

    return handle


def _metadata(request: AnalysisRequest | MetadataRequest, content: bytes | None) -> PhotoMetadata:
    if content is not None:
        return read_metadata(io.BytesIO(content), request.sidecars)
    with open_photo(request.path) as (file, _):
        return read_metadata(file, request.sidecars)


def _load(analysis: Analysis) -> Models:
    """Load the models.

    Raises:
        EngineError: with the operation ``LOADING``, because the failure concerns every photo.
    """
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
    """Compute masks and vectors of a decoded photo (full pass).

    Raises:
        ModelBroken: the models return vectors that cannot be stored.
    """
    proposals = models.proposer.propose(decoded.rgb)
    masks = [proposal.mask_hw for proposal in proposals]
    vectors = _vectors(models.region_embedder.embed(decoded.rgb, masks), len(masks), ndim)
    return AnalysedPhoto(
        version=version,
        size_wh=decoded.full_size_wh,
        rles=_rles(proposals),
        boxes_xyxy=_boxes(proposals, decoded),
        mask_scores=np.array([1.0, *(p.score for p in proposals)], np.float32),
        area_fractions=np.array([1.0, *(mask.mean() for mask in masks)], np.float32),
        vectors=vectors,
        thumbnail_jpeg=thumbnails.make_thumbnail(decoded.rgb),
        note=models.device_note,
    )


def outline(models: Models, decoded: DecodedPhoto, request: OutlineRequest) -> Outline | None:
    """Segment the object in the box.

    Returns:
        None if the proposer takes no prompts, the photo has another size than requested, or no
        mask fits the box.
    """
    full_width, full_height = decoded.full_size_wh
    if not isinstance(models.proposer, PromptableProposer):
        return None
    if decoded.full_size_wh != request.size_wh:
        return None
    height, width = decoded.rgb.shape[:2]
    box = request.box_xyxy.scaled(width / full_width, height / full_height)
    found = models.proposer.segment(decoded.rgb, box=box)
    if found is None or box_iou(found.box_xyxy, box) < MIN_BOX_IOU:
        return None
    in_photo = found.box_xyxy.scaled(full_width / width, full_height / height)
    return Outline(in_photo, rle_codec.encode(found.mask_hw), found.score)


def analyse_coarse(
    models: Models, analysis: Analysis, decoded: DecodedPhoto, version: FileVersion
) -> AnalysedPhoto:
    """Compute the vector of the whole photo from a small picture (coarse pass); no masks.

    Raises:
        ModelBroken: the models return vectors that cannot be stored.
    """
    whole_vector = models.region_embedder.embed_whole(
        _reduced(decoded.rgb, analysis.coarse_longest_px)
    )
    vectors = _as_stored(whole_vector[None], (1, analysis.ndim))
    return AnalysedPhoto(
        version=version,
        size_wh=decoded.full_size_wh,
        rles=(),
        boxes_xyxy=_boxes((), decoded),
        mask_scores=np.ones(1, np.float32),
        area_fractions=np.ones(1, np.float32),
        vectors=vectors,
        thumbnail_jpeg=thumbnails.make_thumbnail(decoded.rgb),
        level=IndexLevel.COARSE,
        note=models.device_note,
    )


def _reduced(rgb: np.ndarray, longest_px: int) -> np.ndarray:
    """uint8 (H, W, 3), reduced if its longest side has more than ``longest_px`` pixels."""
    import cv2

    height, width = rgb.shape[:2]
    size_wh = fit_within((width, height), longest_px)
    if size_wh == (width, height):
        return rgb
    return cv2.resize(rgb, size_wh, interpolation=cv2.INTER_AREA)


def _rles(proposals: Sequence[MaskProposal]) -> tuple[Rle, ...]:
    return tuple(rle_codec.encode(proposal.mask_hw) for proposal in proposals)


def _boxes(proposals: Sequence[MaskProposal], decoded: DecodedPhoto) -> np.ndarray:
    """Boxes in pixels of the upright photo: float32 (N + 1, 4); row 0 is the whole photo."""
    height, width = decoded.rgb.shape[:2]
    full_width, full_height = decoded.full_size_wh
    sx, sy = full_width / width, full_height / height
    boxes = [proposal.box_xyxy.scaled(sx, sy).as_tuple() for proposal in proposals]
    return np.array([(0, 0, full_width, full_height), *boxes], np.float32)


def _vectors(embedded: PhotoVectors, regions: int, ndim: int) -> np.ndarray:
    """float16 (N + 1, D); row 0 is the whole photo."""
    rows = np.concatenate([embedded.whole[None], embedded.regions])
    return _as_stored(rows, (regions + 1, ndim))


def _as_stored(computed: np.ndarray, expected: tuple[int, int]) -> np.ndarray:
    """The vectors as float16, checked.

    Raises:
        ModelBroken: they have another shape or hold numbers that are not finite.
    """
    if computed.shape != expected:
        raise _unusable_vectors(f"expected {expected} numbers, got {computed.shape}")
    with np.errstate(over="ignore"):  # too large for float16 becomes infinity, refused below
        vectors = computed.astype(np.float16)
    try:
        check_vectors(vectors)
    except ValueError as error:
        raise _unusable_vectors(str(error)) from error
    return vectors


def _unusable_vectors(reason: str) -> ModelBroken:
    return ModelBroken(
        f"The models gave numbers for this photo that cannot be used ({reason}).",
        operation="looking at the photo",
        hint="Try again; if it stays, please report the photo.",
    )
