"""Several regions of a photo as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.masks import rle as rle_codec
from engine.records import BoxXyxy, Region


def united(regions: Sequence[Region]) -> Region:
    """One region that covers all of them; the first one's id. Takes some milliseconds.

    Raises:
        ValueError: if there are none.
    """
    if not regions:
        raise ValueError("expected at least one region, got none")
    first = regions[0]
    if len(regions) == 1:
        return first
    boxes = np.array([region.box_xyxy.as_tuple() for region in regions])
    box = BoxXyxy(*boxes[:, :2].min(0).tolist(), *boxes[:, 2:].max(0).tolist())
    return replace(first, box_xyxy=box, rle=rle_codec.union([region.rle for region in regions]))
