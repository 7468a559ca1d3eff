"""Values that go into the store and come out of it, beside those in ``engine.records``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.records import FolderId, PhotoId, PhotoMetadata, RegionId, Rle

MIN_NORM = 1e-3
"""Least norm of a vector; a shorter one loses its direction in float16."""


def now() -> str:
    """The current time as ISO 8601 in UTC, as in every ``_at`` column but ``taken_at``."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class IndexLevel(StrEnum):
    """How far a photo is indexed: ``COARSE`` has one vector of the whole photo, computed at a small
    size; ``FULL`` has its regions too. A full indexing replaces a coarse one, never the reverse."""

    COARSE = "coarse"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a work list.

    Attributes:
        photo_id: the content it held when it was last indexed, None before the first time.
        content_hash: of the bytes it held at this size and time; None if they were never read.
    """

    id: int
    folder_id: FolderId
    path: Path
    size_bytes: int
    mtime_ns: int
    photo_id: PhotoId | None
    content_hash: bytes | None = None


class SampledFile(NamedTuple):
    """A file of a folder, for a comparison with the disk; its hash is None if it is not known."""

    rel_path: str
    size_bytes: int
    content_hash: bytes | None


@dataclass(frozen=True, slots=True)
class FileVersion:
    """Content hash, size and time of a file when its bytes were read."""

    content_hash: bytes
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True)
class AnalysedPhoto:
    """Everything that is stored of one photo. Row 0 of the arrays is the photo as a whole.

    Attributes:
        version: of the bytes it was made from.
        size_wh: upright, pixels.
        rles: N masks at the analysis size, best first.
        boxes_xyxy: float32 (N + 1, 4), pixels of the upright photo.
        mask_scores, area_fractions: float32 (N + 1,), 0..1; both 1 for the whole.
        vectors: float16 (N + 1, D), finite, none of them (nearly) zero.
        thumbnail_jpeg: longest side 384 px.
        level: with ``COARSE`` there is row 0 only.
        note: for the user, on how it was made; not stored.
        metadata: what the file, those beside it and its name say.

    Raises:
        ValueError: shapes, dtypes or values differ from this.
    """

    version: FileVersion
    size_wh: tuple[int, int]
    rles: tuple[Rle, ...]
    boxes_xyxy: np.ndarray
    mask_scores: np.ndarray
    area_fractions: np.ndarray
    vectors: np.ndarray
    thumbnail_jpeg: bytes
    level: IndexLevel = IndexLevel.FULL
    note: str = ""
    metadata: PhotoMetadata = field(default_factory=PhotoMetadata)

    def __post_init__(self) -> None:
        rows = len(self.rles) + 1
        if self.level is IndexLevel.COARSE and self.rles:
            raise ValueError(f"expected no things of a coarse photo, got {len(self.rles)}")
        if self.vectors.ndim != 2 or self.vectors.dtype != np.float16:
            raise ValueError(
                f"expected float16 vectors (N, D), got {self.vectors.dtype} {self.vectors.shape}"
            )
        shapes = {
            "boxes_xyxy": (self.boxes_xyxy.shape, (rows, 4)),
            "mask_scores": (self.mask_scores.shape, (rows,)),
            "area_fractions": (self.area_fractions.shape, (rows,)),
            "vectors": (self.vectors.shape[:1], (rows,)),
        }
        for name, (got, expected) in shapes.items():
            if got != expected:
                raise ValueError(f"expected {name} of shape {expected}, got {got}")
        check_vectors(self.vectors)


def check_vectors(vectors: np.ndarray) -> None:
    """Refuse vectors (N, D) that no search could find; USearch would accept them.

    Raises:
        ValueError: if one holds NaN or infinity, or is (nearly) zero.
    """
    if not np.isfinite(vectors).all():
        raise ValueError("expected finite vectors, got NaN or infinity")
    norms = np.linalg.norm(vectors.astype(np.float32), axis=1)
    if norms.size and float(norms.min()) < MIN_NORM:
        raise ValueError(f"expected vectors of norm {MIN_NORM} or more, got {norms.min():g}")


@dataclass(frozen=True, slots=True)
class Written:
    """What a transaction about one file changed.

    Attributes:
        photo_id: the photo the file now holds; None if the file was deleted meanwhile.
        deleted_photos: photos that no file holds any more; their thumbnails can go.
        replaced_regions: regions of a coarse indexing that a full one replaced.
    """

    photo_id: PhotoId | None
    deleted_photos: tuple[PhotoId, ...] = ()
    replaced_regions: tuple[RegionId, ...] = ()


@dataclass(frozen=True)
class RegionRows:
    """Arrays of all N regions of one photo, and the photo as a whole.

    Attributes:
        ids: int64 (N,), region ids.
        boxes_xyxy: float32 (N, 4), fractions of the photo's width and height.
        mask_scores, area_fractions: float32 (N,).
        vectors: float32 (N, D).
        whole: float32 (D,), of the photo as a whole.
        outlined: False after a coarse indexing, which does not look for regions.
    """

    ids: np.ndarray
    boxes_xyxy: np.ndarray
    mask_scores: np.ndarray
    area_fractions: np.ndarray
    vectors: np.ndarray
    whole: np.ndarray
    outlined: bool = True

    @property
    def nbytes(self) -> int:
        return self.vectors.nbytes + self.whole.nbytes + 64 * len(self.ids)


@dataclass(frozen=True, slots=True)
class Totals:
    """Numbers of files below watched folders; ``photos == searchable + pending + problems``.

    Attributes:
        outlined: searchable files that are indexed in full.
        things: regions.
    """

    photos: int
    searchable: int
    outlined: int
    pending: int
    problems: int
    things: int


class Waiting(NamedTuple):
    """Numbers of files left to index for a profile, in folders that can be reached.

    Attributes:
        pending: their bytes are to be read. lacking: no vectors of this profile yet.
        coarse: only a coarse indexing of this profile.
    """

    pending: int
    lacking: int
    coarse: int


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A profile; ``name`` as it was when it was first used in this store."""

    id: int
    key: str
    name: str
    ndim: int
    photos: int
    things: int
