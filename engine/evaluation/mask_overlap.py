"""How masks lie on the true ones, at the photo's upright size."""

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
"""Area from which a thing must be found, in square pixels of the photo."""
MOST_MASKS = 50


def matches_category(region: Region | None, photo: TruthPhoto, category_id: int) -> bool:
    """Whether a hit's one mask lies on a thing of the category."""
    if region is None:
        return False
    wanted = [one for one in photo.instances if one.category_id == category_id]
    found = ious([region], wanted, photo.size_wh)
    return bool(found.size) and bool(found.max() >= metrics.IOU_AT_LEAST)


def of_photos(regions: Mapping[int, Sequence[Region]], truth: CocoTruth) -> Iterator[np.ndarray]:
    """Per photo, its first masks against its countable things; float64 (masks, things).

    Args:
        regions: by the photo's place in ``truth``, best first; photos may be missing.
    """
    for place, photo in enumerate(truth.photos):
        countable = [one for one in photo.instances if is_countable(one)]
        yield ious(regions.get(place, ())[:MOST_MASKS], countable, photo.size_wh)


def is_countable(instance: Instance) -> bool:
    """Whether it is a thing that must be found: told apart from others and not tiny."""
    return not instance.crowd and instance.area_px >= SMALLEST_OBJECT_PX


def ious(
    regions: Sequence[Region], instances: Sequence[Instance], size_wh: tuple[int, int]
) -> np.ndarray:
    """Intersection over union at the photo's upright size; float64 (regions, instances)."""
    from pycocotools import mask as coco

    if not regions or not instances:
        return np.zeros((len(regions), len(instances)))
    found = [_upright(region.rle, size_wh) for region in regions]
    nothing = rle_codec.encode(np.zeros((size_wh[1], size_wh[0]), bool))
    drawn = [one.rle(size_wh) or nothing for one in instances]
    # On run lengths, because 50 masks of a large photo would take gigabytes as arrays.
    return np.asarray(coco.iou(_packed(found), _packed(drawn), [0] * len(drawn)))


def _upright(rle: Rle, size_wh: tuple[int, int]) -> Rle:
    return rle_codec.encode(geometry.scale_mask(rle_codec.decode(rle), size_wh))


def _packed(rles: Sequence[Rle]) -> list[dict[str, Any]]:
    return [{"size": list(rle.size_hw), "counts": rle.counts} for rle in rles]
