"""How the regions of a photo lie to one another: what does not depend on the query."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.masks.geometry import box_overlaps
from engine.scoring.term_scorer import PhotoArrays

PART_CONTAINMENT = 0.85
"""Share of a box that must lie within another for its region to count as a part of the other."""
PART_AREA_RATIO = 0.8
"""A part's area is less than this share of the other region's area."""
SMALL_AREA = 0.01
"""Share of the photo. A smaller detail is often similar by chance, and an outlined paw does not
help."""


class RegionGeometry:
    """Geometry of the N regions of one photo.

    Attributes:
        part_of: bool (N, N), region i is a part of region j.
        overlap: float32 (N, N), IoU of the boxes.
        columns: float64 (N, 6): log mask score; log area; its square; number of borders of the
            photo that the region touches; share of its box that it fills; by how much the log area
            is below that of ``SMALL_AREA``.
    """

    def __init__(self, photo: PhotoArrays) -> None:
        x0, y0, x1, y1 = photo.boxes_xyxy.T.astype(np.float64)
        areas = photo.area_fractions.astype(np.float64)
        box_areas = np.maximum((x1 - x0) * (y1 - y0), 1e-9)
        iou, within = box_overlaps(photo.boxes_xyxy)
        self.part_of = (within > PART_CONTAINMENT) & (areas[:, None] < PART_AREA_RATIO * areas)
        self.overlap = iou.astype(np.float32)
        size = np.log(np.maximum(areas, 1e-4))
        borders = (x0 < 0.01) * 1.0 + (y0 < 0.01) + (x1 > 0.99) + (y1 > 0.99)
        masks = np.log(np.maximum(photo.mask_scores.astype(np.float64), 1e-3))
        small = np.maximum(np.log(SMALL_AREA) - size, 0)
        self.columns = np.stack(
            [masks, size, size**2, borders, areas / box_areas, small], axis=1
        ).reshape(len(areas), 6)

    @property
    def nbytes(self) -> int:
        return self.part_of.nbytes + self.overlap.nbytes + self.columns.nbytes


class PaddedGeometry:
    """The geometry of P photos, filled up to M regions each.

    Attributes:
        part_of: bool (P, M, M), see ``RegionGeometry``; False where there is no region.
        overlap: float32 (P, M, M), zero where there is no region.
        columns: float64 (P, M, 6), the same.
    """

    def __init__(self, photos: Sequence[RegionGeometry], most: int) -> None:
        self.part_of = np.zeros((len(photos), most, most), bool)
        self.overlap = np.zeros((len(photos), most, most), np.float32)
        self.columns = np.zeros((len(photos), most, 6))
        for k, geometry in enumerate(photos):
            count = len(geometry.columns)
            self.part_of[k, :count, :count] = geometry.part_of
            self.overlap[k, :count, :count] = geometry.overlap
            self.columns[k, :count] = geometry.columns
