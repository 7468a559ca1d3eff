"""Intersection over union of proposed masks and annotated masks, at the photo's upright size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from engine.evaluation import metrics
from engine.evaluation.coco_truth import CocoTruth, Instance, TruthPhoto
from engine.masks import geometry
from engine.masks import rle as rle_codec
from engine.records import Region, Rle

SMALLEST_OBJECT_PX = 32 * 32
"""Smaller annotations do not count towards mask recall; square pixels of the photo."""
MAX_MASKS = 50
"""Only the first so many masks of a photo are compared."""


def matches_category(region: Region | None, photo: TruthPhoto, category_id: int) -> bool:
    """Whether the region's mask has IoU 0.5 or more with a thing of the category."""
    if region is None:
        return False
    wanted = [thing for thing in photo.instances if thing.category_id == category_id]
    overlaps = ious([region], wanted, photo.size_wh)
    return bool(overlaps.size) and bool(overlaps.max() >= metrics.IOU_AT_LEAST)


def photo_ious(regions: Mapping[int, Sequence[Region]], truth: CocoTruth) -> Iterator[np.ndarray]:
    """For each photo of ``truth``, the IoU of its first masks with its countable things.

    Args:
        regions: by the photo's index in ``truth.photos``, best first; photos may be missing.

    Yields:
        float64 (masks, things).
    """
    for index, photo in enumerate(truth.photos):
        countable = [thing for thing in photo.instances if is_countable(thing)]
        yield ious(regions.get(index, ())[:MAX_MASKS], countable, photo.size_wh)


def is_countable(instance: Instance) -> bool:
    """Whether the annotation counts towards mask recall: no crowd, and not too small."""
    return not instance.crowd and instance.area_px >= SMALLEST_OBJECT_PX


def ious(
    regions: Sequence[Region], instances: Sequence[Instance], size_wh: tuple[int, int]
) -> np.ndarray:
    """Intersection over union at the photo's upright size; float64 (regions, instances)."""
    return _overlaps(regions, instances, size_wh, of_region=False)


def shares_inside(
    region: Region, instances: Sequence[Instance], size_wh: tuple[int, int]
) -> np.ndarray:
    """The share of the region's mask that lies in each instance; float64 (instances,)."""
    return _overlaps([region], instances, size_wh, of_region=True)[0]


def _overlaps(
    regions: Sequence[Region],
    instances: Sequence[Instance],
    size_wh: tuple[int, int],
    *,
    of_region: bool,
) -> np.ndarray:
    """Intersections, divided by the region's area or by the union; float64 (regions, instances)."""
    from pycocotools import mask as coco

    if not regions or not instances:
        return np.zeros((len(regions), len(instances)))
    proposed = [_upright(region.rle, size_wh) for region in regions]
    nothing = rle_codec.encode(np.zeros((size_wh[1], size_wh[0]), bool))
    annotated = [thing.rle(size_wh) or nothing for thing in instances]
    # pycocotools divides by the first mask's area where the second is a crowd.
    crowds = [int(of_region)] * len(annotated)
    # On run lengths, because 50 masks of a large photo would take gigabytes as arrays.
    return np.asarray(coco.iou(_coco_rles(proposed), _coco_rles(annotated), crowds))


def _upright(rle: Rle, size_wh: tuple[int, int]) -> Rle:
    return rle_codec.encode(geometry.scale_mask(rle_codec.decode(rle), size_wh))


def _coco_rles(rles: Sequence[Rle]) -> list[dict[str, Any]]:
    return [{"size": list(rle.size_hw), "counts": rle.counts} for rle in rles]
