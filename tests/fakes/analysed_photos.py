"""Analysed photos with generated vectors, for tests of stores and indexes without any model."""

from __future__ import annotations

import numpy as np

from engine.records import Rle
from engine.store.rows import AnalysedPhoto, FileRow, FileVersion, IndexLevel

NDIM = 8


def analysed(
    content: bytes, file: FileRow, things: int = 2, level: IndexLevel = IndexLevel.FULL
) -> AnalysedPhoto:
    """A photo of 100 x 80 px with ``things`` regions; the content decides its vectors."""
    rng = np.random.default_rng(list(content))
    things = 0 if level is IndexLevel.COARSE else things
    rows = things + 1
    return AnalysedPhoto(
        version=FileVersion(content, file.size_bytes, file.mtime_ns),
        size_wh=(100, 80),
        rles=tuple(Rle((4, 4), b"04") for _ in range(things)),
        boxes_xyxy=np.tile(np.array([0, 0, 50, 40], np.float32), (rows, 1)),
        mask_scores=np.linspace(1, 0.5, rows).astype(np.float32),
        area_fractions=np.full(rows, 0.25, np.float32),
        vectors=rng.normal(size=(rows, NDIM)).astype(np.float16),
        thumbnail_jpeg=b"jpeg of " + content,
        level=level,
    )
