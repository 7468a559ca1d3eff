"""Finds the regions of a photo that show what was outlined before, with other models perhaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.masks import rle as rle_codec
from engine.masks.geometry import fit_within, mask_ious, scale_mask
from engine.records import Rle

LEAST_IOU = 0.5
"""Of two outlines of the same thing."""
_COMPARED_PX = 256
"""Longest side at which masks are compared."""


def match_outlines(outlines: Sequence[Rle], regions: Sequence[Rle]) -> dict[int, int]:
    """Index of an outline -> index of the region that overlaps it most.

    The pairs with the largest overlap come first, no region is given twice, and what no region
    covers with an IoU of ``LEAST_IOU`` is left out. Masks may be of different sizes; all show the
    same photo.
    """
    if not outlines or not regions:
        return {}
    height, width = outlines[0].size_hw
    size_wh = fit_within((width, height), _COMPARED_PX)
    ious = mask_ious(*([_mask(rle, size_wh) for rle in rles] for rles in (outlines, regions)))
    found: dict[int, int] = {}
    for flat in np.argsort(-ious, axis=None, kind="stable"):
        outline, region = (int(i) for i in np.unravel_index(flat, ious.shape))
        if ious[outline, region] < LEAST_IOU:
            break
        if outline not in found and region not in found.values():
            found[outline] = region
    return found


def _mask(rle: Rle, size_wh: tuple[int, int]) -> np.ndarray:
    return scale_mask(rle_codec.decode(rle), size_wh)
