"""A region as a black and white picture of the photo's size."""

from __future__ import annotations

import numpy as np

from engine.export import matte
from engine.masks import geometry
from engine.records import Photo, Region


def make_mask(photo: Photo, region: Region) -> np.ndarray:
    """Scale a region's mask to the photo. Needs no photo pixels.

    Returns:
        uint8 (H, W) at the photo's upright size: 255 inside, 0 outside.

    Raises:
        ExportProblem: the stored mask is unusable.
    """
    return geometry.scale_mask(matte.region_mask(region), photo.size_wh).astype(np.uint8) * 255
