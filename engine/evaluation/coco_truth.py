"""Reads COCO instances files: the annotated things of each photo."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import BadRequest
from engine.masks import rle as rle_codec
from engine.records import Rle

Polygons = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Instance:
    """One annotation: a thing, or a crowd of things.

    Attributes:
        area_px: as annotated, in square pixels of the photo.
        crowd: COCO's ``iscrowd``: an area of many things that were not annotated one by one.
        shape: polygons as flat x, y lists, or the runs of an RLE (plain or compressed).
        annotation_id: ``id`` in the file; None if it has none.
    """

    category_id: int
    area_px: float
    crowd: bool
    shape: Polygons | list[int] | bytes
    annotation_id: int | None = None

    def rle(self, size_wh: tuple[int, int]) -> Rle | None:
        """The mask at the photo's size; None if the annotation has no outline."""
        from pycocotools import mask as coco

        width, height = size_wh
        if isinstance(self.shape, bytes):
            return Rle((height, width), self.shape)
        if isinstance(self.shape, list):
            runs = {"size": [height, width], "counts": self.shape}
            return Rle((height, width), coco.frPyObjects(runs, height, width)["counts"])
        polygons = [list(polygon) for polygon in self.shape if len(polygon) >= 6]
        if not polygons:
            return None
        merged = coco.merge(coco.frPyObjects(polygons, height, width))
        return Rle((height, width), merged["counts"])

    def mask_hw(self, size_wh: tuple[int, int]) -> np.ndarray:
        """The mask as bool (H, W); empty if the annotation has no outline."""
        rle = self.rle(size_wh)
        if rle is None:
            return np.zeros((size_wh[1], size_wh[0]), bool)
        return rle_codec.decode(rle)


@dataclass(frozen=True, slots=True)
class TruthPhoto:
    """One listed photo with its annotations."""

    file_name: str
    size_wh: tuple[int, int]
    instances: tuple[Instance, ...]

    def holds(self, category_id: int) -> bool:
        """Whether the photo has an annotation of the category, crowds included."""
        return any(instance.category_id == category_id for instance in self.instances)


@dataclass(frozen=True, slots=True)
class CocoTruth:
    """The content of a COCO file: photos in its order, category names by id."""

    photos: tuple[TruthPhoto, ...]
    categories: Mapping[int, str]

    def queries(self) -> dict[int, str]:
        """Names by id of the categories with at least one annotation that is not a crowd."""
        annotated = {
            instance.category_id
            for photo in self.photos
            for instance in photo.instances
            if not instance.crowd
        }
        return {key: name for key, name in sorted(self.categories.items()) if key in annotated}

    def photos_with(self, category_id: int) -> int:
        """How many photos hold the category."""
        return sum(photo.holds(category_id) for photo in self.photos)


def load(path: Path) -> CocoTruth:
    """Read an instances file. Segmentations may be polygons, RLE, or either as a JSON string.

    Raises:
        BadRequest: the file cannot be read, or is no COCO instances file.
    """
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise _bad(path, f"it cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise _bad(path, f"it is not JSON ({error})") from error
    try:
        return _parse(document)
    except KeyError as error:
        raise _bad(path, f"it lacks {error.args[0]!r}") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise _bad(path, str(error)) from error


def _bad(path: Path, why: str) -> BadRequest:
    return BadRequest(
        f"The COCO file cannot be used: {why}.",
        operation="reading the COCO file",
        path=path,
        hint="Give an instances file with images, annotations and categories.",
    )


def _parse(document: Any) -> CocoTruth:
    if not isinstance(document, dict):
        raise ValueError(f"expected an object at the top, got {type(document).__name__}")
    categories = {int(row["id"]): str(row["name"]) for row in document["categories"]}
    sizes = {int(row["id"]): (int(row["width"]), int(row["height"])) for row in document["images"]}
    found: dict[int, list[Instance]] = {image_id: [] for image_id in sizes}
    for row in document["annotations"]:
        image_id = int(row["image_id"])
        if image_id not in sizes:
            raise ValueError(f"annotation {row.get('id')} names the unknown image {image_id}")
        instance = _instance(row, sizes[image_id])
        if instance.category_id not in categories:
            raise ValueError(f"annotation {row.get('id')} names an unknown category")
        found[image_id].append(instance)
    photos = [
        TruthPhoto(str(row["file_name"]), sizes[int(row["id"])], tuple(found[int(row["id"])]))
        for row in document["images"]
    ]
    return CocoTruth(tuple(photos), categories)


def _instance(row: Mapping[str, Any], size_wh: tuple[int, int]) -> Instance:
    segmentation = row.get("segmentation") or []
    if isinstance(segmentation, str):
        segmentation = json.loads(segmentation)
    shape = _shape(segmentation, size_wh)
    instance = Instance(
        category_id=int(row["category_id"]),
        area_px=float(row.get("area", 0.0)),
        crowd=bool(row.get("iscrowd", 0)),
        shape=shape,
        annotation_id=int(row["id"]) if "id" in row else None,
    )
    if "area" in row:
        return instance
    area_px = float(instance.mask_hw(size_wh).sum())
    return replace(instance, area_px=area_px)


def _shape(segmentation: Any, size_wh: tuple[int, int]) -> Polygons | list[int] | bytes:
    if isinstance(segmentation, dict):
        height, width = (int(side) for side in segmentation["size"])
        if (width, height) != size_wh:
            raise ValueError(f"an RLE of {width} x {height} px in a photo of {size_wh} px")
        counts = segmentation["counts"]
        return counts.encode("ascii") if isinstance(counts, str) else [int(n) for n in counts]
    if segmentation and not isinstance(segmentation[0], list):
        segmentation = [segmentation]
    return tuple(tuple(float(number) for number in polygon) for polygon in segmentation)
