"""How the regions of photos lie to one another: what does not depend on the query."""

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
    """Geometry of the regions of P photos, filled up to M regions each: as many as the photo with
    the most has, at least 1.

    Attributes:
        counts: int64 (P,), numbers of regions.
        present: bool (P, M), whether there is such a region.
        part_of: bool (P, M, M), region i is a part of region j; False where there is no region.
        overlap: float32 (P, M, M), IoU of the boxes; zero where there is no region.
        columns: float64 (P, M, 6): log mask score; log area; its square; number of borders of the
            photo that the region touches; share of its box that it fills; by how much the log area
            is below that of ``SMALL_AREA``.
    """

    def __init__(self, photos: Sequence[PhotoArrays]) -> None:
        self.counts = np.array([len(photo.ids) for photo in photos], np.int64)
        most = max(1, int(self.counts.max(initial=0)))
        self.present = np.arange(most) < self.counts[:, None]
        boxes = np.zeros((len(photos), most, 4), np.float32)
        areas, masks = np.zeros((2, len(photos), most))
        for k, (photo, count) in enumerate(zip(photos, self.counts.tolist(), strict=True)):
            boxes[k, :count] = photo.boxes_xyxy
            areas[k, :count] = photo.area_fractions
            masks[k, :count] = photo.mask_scores
        self.overlap, within = box_overlaps(boxes)
        self.part_of = within > PART_CONTAINMENT
        self.part_of &= areas[:, :, None] < PART_AREA_RATIO * areas[:, None]
        x0, y0, x1, y1 = np.moveaxis(boxes.astype(np.float64), 2, 0)
        size = np.log(np.maximum(areas, 1e-4))
        borders = (x0 < 0.01) * 1.0 + (y0 < 0.01) + (x1 > 0.99) + (y1 > 0.99)
        fill = areas / np.maximum((x1 - x0) * (y1 - y0), 1e-9)
        small = np.maximum(np.log(SMALL_AREA) - size, 0)
        log_masks = np.log(np.maximum(masks, 1e-3))
        self.columns = np.stack([log_masks, size, size**2, borders, fill, small], axis=2)
