"""Hits as one COCO JSON: photos, masks at the upright size, boxes, scores."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.export import matte, metadata_fields
from engine.masks import geometry
from engine.masks import rle as rle_codec
from engine.records import Photo, PhotoMetadata, Region, SearchHit


def common_folder(photos: Sequence[Photo]) -> Path | None:
    """The deepest folder that contains all photos; None without one (two drives, no photos)."""
    try:
        return Path(os.path.commonpath([photo.path.parent for photo in photos]))
    except ValueError:
        return None


def image_entry(
    image_id: int, photo: Photo, folder: Path | None, metadata: PhotoMetadata | None = None
) -> dict[str, Any]:
    """One row of ``images``; ``file_name`` is relative to ``folder`` where there is one.

    COCO's own ``date_captured`` holds the local time; what else is known is in ``metadata``.
    """
    path = photo.path if folder is None else photo.path.relative_to(folder)
    width, height = photo.size_wh
    entry: dict[str, Any] = {
        "id": image_id,
        "file_name": path.as_posix(),
        "width": width,
        "height": height,
    }
    if metadata is not None and (known := metadata_fields.known(metadata)):
        if metadata.taken_at is not None:
            entry["date_captured"] = metadata.taken_at.replace("T", " ")
        entry["metadata"] = known
    return entry


def annotation_entry(annotation_id: int, image_id: int, hit: SearchHit, region: Region) -> dict:
    """One row of ``annotations``: compressed RLE and ``xywh`` box at the photo's upright size.

    Raises:
        ExportProblem: the stored mask is unusable.
    """
    mask_hw = geometry.scale_mask(matte.region_mask(region), hit.photo.size_wh)
    rle = rle_codec.encode(mask_hw)
    box = matte.tight_box(mask_hw)
    return {
        "id": annotation_id,
        "image_id": image_id,
        "category_id": 1,
        "segmentation": {"size": list(rle.size_hw), "counts": rle.counts.decode("ascii")},
        "bbox": [box.x0, box.y0, box.width, box.height],
        "area": int(mask_hw.sum()),
        "iscrowd": 0,
        "score": hit.score,
        "verdict": hit.verdict.value,
        "probability": hit.probability,
    }


def document(
    images: list[dict], annotations: list[dict], query: str, folder: Path | None
) -> dict[str, Any]:
    """The content of the JSON file, with one category named by the query."""
    info: dict[str, Any] = {"description": "Things found by Pickout"}
    if folder is not None:
        info["folder"] = str(folder)
    categories = [{"id": 1, "name": query or "thing", "supercategory": ""}]
    return {
        "info": info,
        "images": images,
        "annotations": annotations,
        "categories": categories,
    }
