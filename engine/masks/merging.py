"""Merges several regions of a photo into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.masks import rle as rle_codec
from engine.records import BoxXyxy, Region


def merge_regions(regions: Sequence[Region]) -> Region:
    """Merge regions: union of masks and boxes, with the first region's id. Takes milliseconds.

    Raises:
        ValueError: ``regions`` is empty.
    """
    if not regions:
        raise ValueError("expected at least one region, got none")
    first = regions[0]
    if len(regions) == 1:
        return first
    boxes = np.array([region.box_xyxy.as_tuple() for region in regions])
    box = BoxXyxy(*boxes[:, :2].min(0).tolist(), *boxes[:, 2:].max(0).tolist())
    return replace(first, box_xyxy=box, rle=rle_codec.union([region.rle for region in regions]))
